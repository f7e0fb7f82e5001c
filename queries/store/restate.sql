-- title: Restated weeks
-- Records every figure that pages show by week, and runs, hours and GPU-hours, of a week that was over
-- when it was last derived (`weekly_before`) and is another one now: runs that arrived late, loops
-- that closed since, clocks put right, another roster or other settings. A share or median that is
-- not known is null; a count or sum of a week without a row is 0.
-- param: reason | VARCHAR | data, or configuration where settings or roster changed
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
told AS (
  SELECT
    later, kind, group_id, week_start,
    {
      experiments_started: experiments_started::DOUBLE,
      experiments_concluded: experiments_concluded::DOUBLE,
      runs_started: runs_started::DOUBLE,
      runs_failed: runs_failed::DOUBLE,
      busy_hours: busy_hours,
      gpu_hours: gpu_hours,
      failure_share: failure_share,
      serial_share: serial_share,
      experiment_parallelism: experiment_parallelism,
      machine_hours_median: machine_hours_median,
      reaction_hours_median: reaction_hours_median,
      loop_hours_median: loop_hours_median
    } AS figures
  FROM week
),
-- Most weeks stay as they were: only the others are looked at figure by figure.
moved AS (
  SELECT kind, group_id, week_start
  FROM told
  GROUP BY ALL
  HAVING count(*) = 1 OR min(figures) IS DISTINCT FROM max(figures)
),
figure AS (
  UNPIVOT (
    SELECT later, kind, group_id, week_start, unnest(figures)
    FROM told SEMI JOIN moved USING (kind, group_id, week_start)
  )
  ON COLUMNS(* EXCLUDE (later, kind, group_id, week_start)) INTO NAME measure VALUE value
),
change AS (
  SELECT
    kind, group_id, week_start, measure,
    max(value) FILTER (NOT later) AS value_before,
    max(value) FILTER (later) AS value_after,
    CASE WHEN measure NOT SIMILAR TO '.*(_share|_median|_parallelism)' THEN 0 END AS without_row
  FROM figure
  GROUP BY ALL
)
SELECT
  (SELECT coalesce(max(derivation), 0) + 1 FROM restatement),
  kind, group_id, week_start, measure,
  coalesce(value_before, without_row), coalesce(value_after, without_row),
  $reason::VARCHAR, (SELECT max(as_of) FROM project)
FROM change
WHERE coalesce(
  abs(coalesce(value_after, without_row) - coalesce(value_before, without_row)) > 1e-6, true)
ORDER BY ALL
