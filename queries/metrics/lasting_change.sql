-- title: Lasting changes
-- One row per group and measure with a lasting change: among the latest whole weeks with a value
-- (12, unless asked otherwise), at least 4 weeks before and at least 6 since, and every week since
-- lies above all weeks before it, or every week below. A scholar's weeks away are left out. Of
-- several such splits, the one with the widest gap between the two sides counts. Chance alone makes
-- a lasting change in any of a scholar's measures in at most 5 % of cases.
-- param: by | VARCHAR | scholar, stream or programme
-- param: groups | VARCHAR[] | only these ids, null = all
-- param: to_day | DATE | day after the last, null = to the end
-- param: weeks | INTEGER | the number of weeks, null = 12
-- param: scope | STRUCT | what the viewer may see
-- order: 13
-- actor: person
-- metric: since_week | week | Lasting change since | The first week of a lasting change: every week since lies above all weeks before it, or every week below.
WITH figure AS (
  UNPIVOT (
    SELECT
      group_id, week_start,
      COLUMNS(lambda name: list_contains(lasting_measures(), name))::DOUBLE
    FROM weekly
    WHERE kind = $by::VARCHAR AND NOT running
      AND ($groups::VARCHAR[] IS NULL OR list_contains($groups::VARCHAR[], group_id))
      AND may_see_group($scope, kind, group_id, group_id, NULL)
  )
  ON COLUMNS(* EXCLUDE (group_id, week_start))
  INTO NAME measure VALUE value
),
away AS (
  SELECT scholar.scholar AS group_id, week_start
  FROM week_away('scholar', 'day_off')
  JOIN scholar USING (scholar_key)
  WHERE $by::VARCHAR = 'scholar' AND scholar.attributed
),
edge AS (
  SELECT max(week_start) AS last_week
  FROM weekly
  WHERE NOT running AND ($to_day::DATE IS NULL OR week_start + 7 <= $to_day::DATE)
),
split AS (
  SELECT
    group_id, measure, week_start AS since_week,
    min(week_start) OVER whole AS first_week,
    max(week_start) OVER whole AS last_week,
    count(*) OVER earlier AS weeks_before,
    count(*) OVER later AS weeks_since,
    min(value) OVER later - max(value) OVER earlier AS rise,
    min(value) OVER earlier - max(value) OVER later AS fall
  FROM figure
  ANTI JOIN away USING (group_id, week_start), edge
  WHERE week_start <= edge.last_week
    AND week_start > edge.last_week - 7 * coalesce($weeks::INTEGER, lasting().shown)
  WINDOW
    whole AS (PARTITION BY group_id, measure),
    earlier AS (
      PARTITION BY group_id, measure ORDER BY week_start
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    later AS (
      PARTITION BY group_id, measure ORDER BY week_start
      ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
)
SELECT
  group_id, measure, since_week,
  CASE WHEN rise > 0 THEN 'up' ELSE 'down' END AS direction,
  weeks_before, weeks_since, first_week, last_week,
  greatest(rise, fall) AS gap
FROM split
WHERE weeks_before >= lasting().before AND weeks_since >= lasting().since
  AND greatest(rise, fall) > 0
QUALIFY row_number() OVER (PARTITION BY group_id, measure ORDER BY gap DESC, since_week) = 1
ORDER BY group_id, measure
