-- title: Weekly figures
-- table: weekly
-- One row per kind of group, group and week just computed: every metric of that week, and whether
-- the week is still running at as_of.
SELECT
  figure.* EXCLUDE (period_start),
  period_start AS week_start,
  begin_of_day(setting.timezone, period_start + INTERVAL 7 DAY)
    > (SELECT epoch_us(max(as_of)) FROM project) AS running
FROM weekly_figure AS figure, setting
ORDER BY kind, group_id, week_start
