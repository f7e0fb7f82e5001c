-- title: Weeks before a group's first
-- Deletes the weeks of zeros before a group's first activity, and archived weeks, of which only the
-- runs of experiments that went on are left.
DELETE FROM derived.weekly WHERE week_start < (SELECT max(week) FROM archived);

DELETE FROM derived.weekly
WHERE rowid IN (
  SELECT rowid
  FROM derived.weekly
  QUALIFY NOT max(experiments_started > 0 OR busy_hours > 0) OVER (
    PARTITION BY kind, group_id ORDER BY week_start))
