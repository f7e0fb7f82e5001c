-- title: Weekly figures
-- table: weekly
-- A row a kind of group, group and week from the group's first week on: every metric of that week,
-- and whether the week is still running at as_of.
SELECT
  figure.* EXCLUDE (period_start),
  period_start AS week_start,
  begin_of_day(setting.timezone, period_start + INTERVAL 7 DAY)
    > (SELECT epoch_us(max(as_of)) FROM project) AS running
FROM weekly_figure AS figure, setting
QUALIFY max(experiments_started > 0 OR busy_hours > 0) OVER (
  PARTITION BY kind, group_id ORDER BY period_start)
ORDER BY kind, group_id, week_start
