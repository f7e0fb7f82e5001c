-- title: Groups with weekly figures
-- table: weekly_known
-- A row a kind of group and group that had weekly figures, and the last week of all that was over.
SELECT DISTINCT
  kind, group_id, (SELECT max(week_start) FROM derived.weekly WHERE NOT running) AS last_over
FROM derived.weekly
