-- title: Groups with weekly figures
-- table: weekly_known
-- One row per kind of group and group that had weekly figures, with the last week that was over.
SELECT DISTINCT
  kind, group_id, (SELECT max(week_start) FROM derived.weekly WHERE NOT running) AS last_over
FROM derived.weekly
