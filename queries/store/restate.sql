-- title: Restated weeks
-- Records every figure of a past week that changed since the week was last derived
-- (`weekly_before`): figures with a weekly series, and those with a `restated` line. Causes are
-- late runs, loops that have closed since, corrected clocks, another roster or other settings. A
-- share or median that is not known is null; a count or sum of a week without a row is 0. A change
-- by a new roster or an erasure has no values: the difference would be one person's figure.
-- param: reason | VARCHAR | data, configuration (settings or definitions changed) or people (the roster changed, or somebody was erased)
INSERT INTO restated
WITH week AS (
  SELECT false AS later, * FROM weekly_before WHERE NOT running
  UNION ALL BY NAME
  SELECT true AS later, weekly.*
  FROM derived.weekly
  JOIN weekly_known AS known USING (kind, group_id)
  SEMI JOIN weekly_figure AS made
    ON made.kind = weekly.kind AND made.group_id = weekly.group_id
    AND made.period_start = weekly.week_start
  WHERE week_start <= known.last_over
),
-- Most weeks do not change: only the others are compared figure by figure.
moved AS (
  SELECT
    kind, group_id, week_start,
    COLUMNS(lambda name: list_contains(restated_measures(), name))
  FROM week
  GROUP BY ALL
  HAVING count(*) = 1
),
figure AS (
  UNPIVOT (
    SELECT
      later, kind, group_id, week_start,
      COLUMNS(lambda name: list_contains(restated_measures(), name))::DOUBLE
    FROM week SEMI JOIN moved USING (kind, group_id, week_start)
  )
  ON COLUMNS(* EXCLUDE (later, kind, group_id, week_start)) INTO NAME measure VALUE value
),
change AS (
  SELECT
    kind, group_id, week_start, measure,
    max(value) FILTER (NOT later) AS value_before,
    max(value) FILTER (later) AS value_after,
    CASE WHEN list_contains(summed_measures(), measure) THEN 0 END AS without_row
  FROM figure
  GROUP BY ALL
)
SELECT
  (SELECT coalesce(max(derivation), 0) + 1 FROM restatement),
  kind, group_id, week_start, measure,
  CASE WHEN $reason::VARCHAR <> 'people' THEN coalesce(value_before, without_row) END,
  CASE WHEN $reason::VARCHAR <> 'people' THEN coalesce(value_after, without_row) END,
  $reason::VARCHAR, (SELECT max(as_of) FROM project)
FROM change
WHERE coalesce(
  abs(coalesce(value_after, without_row) - coalesce(value_before, without_row)) > 1e-6, true)
ORDER BY ALL
