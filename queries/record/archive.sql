-- title: Archive runs
-- Deletes the runs of `archived_run`, and the log, restatements and names before the kept weeks.
-- Published weeks of groups stay. They no longer name people who are not in `kept_person`: nobody
-- can see those by name, so each week is shown to the same viewers as before.
-- `kept_from` has the Monday of the first week that is kept, and its beginning.
DELETE FROM raw_run WHERE run_key IN (FROM archived_run);

DELETE FROM config_shape
WHERE config_shape NOT IN (SELECT config_shape FROM raw_run WHERE config_shape IS NOT NULL);

DELETE FROM changed_username
WHERE username NOT IN (SELECT coalesce(username, '') FROM raw_run);

DELETE FROM restatement WHERE week_start < (SELECT week FROM kept_from);

DELETE FROM sync_log WHERE finished_at < (SELECT before FROM kept_from);

UPDATE group_week
SET people = list_transform(people, lambda it: {
  'scholar': CASE WHEN list_contains(kept.scholars, it.scholar) THEN it.scholar END,
  'streams': it.streams})
FROM (SELECT coalesce(list(scholar), []) AS scholars FROM kept_person) AS kept
WHERE week_start < (SELECT week FROM kept_from);

DELETE FROM archived;

INSERT INTO archived SELECT week, before FROM kept_from
