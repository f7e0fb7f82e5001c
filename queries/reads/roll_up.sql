-- title: Published weeks of several programmes
-- One row per programme, group of streams and week of `programme_week` (the rows of "Published weeks
-- of groups" as each programme shows them to somebody who may not see people), then one row per week
-- for all programmes. Sums are made of these rounded figures alone, so they tell nothing that the
-- rows do not.
WITH added AS (
  SELECT
    week_start,
    bool_or(visible) AS visible,
    sum(experiments_started)::BIGINT AS experiments_started,
    sum(experiments_concluded)::BIGINT AS experiments_concluded,
    sum(runs_ended)::BIGINT AS runs_ended,
    sum_share(failure_share, runs_ended) AS failure_share,
    sum(busy_hours)::BIGINT AS busy_hours,
    sum_share(serial_share, busy_hours) AS serial_share,
    sum(gpu_hours)::BIGINT AS gpu_hours
  FROM programme_week
  WHERE group_id = 'all groups'
  GROUP BY week_start
)
SELECT place, programme, group_name, * EXCLUDE (place, programme, group_id, group_name)
FROM programme_week
UNION ALL BY NAME
SELECT 2147483647 AS place, 'All programmes' AS programme, 'All groups shown' AS group_name, *
FROM added
