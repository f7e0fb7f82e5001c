-- title: Erase a person
-- Deletes the rows of a person (`person`: kind and name), and log rows that mention one of their
-- names. Runs match by username only: one person's id may be another person's username.
DELETE FROM rejected
WHERE (entity, project) IN (
  SELECT (entity, project) FROM raw_run
  WHERE username IN (SELECT name FROM person WHERE kind = 'usernames'))
OR entity IN (SELECT name FROM person WHERE kind = 'usernames');

DELETE FROM utilisation_request
WHERE run_key IN (
  SELECT run_key FROM raw_run
  WHERE username IN (SELECT name FROM person WHERE kind = 'usernames'));

DELETE FROM raw_run WHERE username IN (SELECT name FROM person WHERE kind = 'usernames');

-- Names of config keys may identify a person too.
DELETE FROM config_shape
WHERE config_shape NOT IN (SELECT config_shape FROM raw_run WHERE config_shape IS NOT NULL);

DELETE FROM restatement
WHERE kind = 'scholar' AND group_id IN (SELECT name FROM person WHERE kind = 'labels');

-- Published weeks stay, but no longer name the person.
UPDATE group_week
SET people = list_transform(people, lambda it: {
  'scholar': CASE WHEN NOT list_contains(gone.scholars, it.scholar) THEN it.scholar END,
  'streams': it.streams})
FROM (SELECT list(name) AS scholars FROM person WHERE kind = 'scholars') AS gone
WHERE list_has_any(list_transform(people, lambda it: it.scholar), gone.scholars);

DELETE FROM changed_username
WHERE username IN (SELECT name FROM person WHERE kind = 'usernames');

DELETE FROM sync_log
WHERE entity IN (SELECT name FROM person WHERE kind = 'usernames')
  OR EXISTS (
    SELECT 1 FROM person
    WHERE contains(concat_ws(' ', note, error), person.name));

DELETE FROM project
WHERE entity IN (SELECT name FROM person WHERE kind = 'usernames')
  AND (entity, project) NOT IN (SELECT (entity, project) FROM raw_run)
