-- title: Published weeks of groups
-- One row per group of streams and week, then one row per week for all groups shown: the figures
-- for leads who may not see individuals. They are as published, at least 48 hours after the week,
-- and never change. A week is blank unless at least 4 people were active who are not among those
-- that the viewer may see by name, then or now. The total is the sum of the figures shown to this
-- viewer, so that it reveals nothing more. Counts and hours are rounded to 5, and 0 means anything
-- under 5. Shares are rounded to 5 points: 0 means anything under 5 %, 1 anything over 95 %, and
-- null that the whole is under 100.
-- param: scope | STRUCT | what the viewer may see
WITH named AS (
  SELECT scholar.scholar
  FROM scholar
  LEFT JOIN (
    SELECT scholar_key, stream_key FROM membership
    UNION
    SELECT scholar_key, stream_key FROM experiment
  ) AS link USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE may_see($scope, scholar.scholar, stream.stream)
),
unnamed AS (
  SELECT week_start, group_id, count(*) AS people
  FROM (SELECT week_start, group_id, unnest(people) AS person FROM group_week)
  WHERE as_viewer($scope).everything OR NOT (
    coalesce(person.scholar IN (SELECT scholar FROM named), false)
    OR list_has_any(person.streams, as_viewer($scope).streams))
  GROUP BY ALL
),
shown AS (
  SELECT
    week_start, group_id,
    max_by(group_name, week_start) OVER of_group AS group_name,
    max_by(coalesce(position, 2147483647), week_start) OVER of_group AS position,
    coalesce(unnamed.people >= at_least().active, false) AS visible,
    experiments_started, experiments_concluded, runs_ended, runs_failed, busy_hours, serial_hours,
    gpu_hours
  FROM group_week
  LEFT JOIN unnamed USING (week_start, group_id)
  WHERE as_viewer($scope).fixed_groups
  WINDOW of_group AS (PARTITION BY group_id)
),
added AS (
  SELECT
    coalesce(group_id, 'all groups') AS group_key,
    CASE WHEN group_id IS NULL THEN 'All groups shown' ELSE any_value(group_name) END AS group_name,
    group_id IS NULL AS whole,
    any_value(position) AS position,
    week_start,
    bool_or(visible) AS visible,
    sum(experiments_started) FILTER (visible)::BIGINT AS experiments_started,
    sum(experiments_concluded) FILTER (visible)::BIGINT AS experiments_concluded,
    sum(runs_ended) FILTER (visible)::BIGINT AS runs_ended,
    sum(runs_failed) FILTER (visible)::BIGINT AS runs_failed,
    sum(busy_hours) FILTER (visible)::BIGINT AS busy_hours,
    sum(serial_hours) FILTER (visible)::BIGINT AS serial_hours,
    sum(gpu_hours) FILTER (visible)::BIGINT AS gpu_hours
  FROM shown
  GROUP BY GROUPING SETS ((group_id, week_start), (week_start))
)
SELECT
  group_key AS group_id, group_name, week_start, visible,
  experiments_started, experiments_concluded,
  runs_ended, rounded_share(runs_failed, runs_ended) AS failure_share,
  busy_hours, rounded_share(serial_hours, busy_hours) AS serial_share,
  gpu_hours
FROM added
ORDER BY whole, position, group_key, week_start
