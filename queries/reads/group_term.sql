-- title: Published weeks of groups over a term
-- One row per group of `shown_week` (the rows of "Published weeks of groups" of a term): the sums of
-- its weeks, and how many of them are shown. Sums and shares are made of the published figures.
SELECT
  group_id, group_name,
  count(*) FILTER (visible) AS weeks_shown,
  count(*) AS weeks,
  coalesce(sum(experiments_started), 0)::BIGINT AS experiments_started,
  coalesce(sum(experiments_concluded), 0)::BIGINT AS experiments_concluded,
  coalesce(sum(runs_ended), 0)::BIGINT AS runs_ended,
  sum_share(failure_share, runs_ended) AS failure_share,
  coalesce(sum(busy_hours), 0)::BIGINT AS busy_hours,
  sum_share(serial_share, busy_hours) AS serial_share,
  coalesce(sum(gpu_hours), 0)::BIGINT AS gpu_hours
FROM shown_week
GROUP BY group_id, group_name
