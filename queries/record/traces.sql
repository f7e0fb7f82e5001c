-- title: Does the record mention a name?
-- For a username: a run, a change, or a project or log row of a personal entity in which nobody
-- else has a run. For an id: a restatement, or a published week of a group.
-- param: name | VARCHAR | username or id
WITH entity AS (
  SELECT entity FROM project
  UNION
  SELECT entity FROM sync_log
)
SELECT
  $name::VARCHAR IN (SELECT username FROM raw_run WHERE username IS NOT NULL)
  OR $name::VARCHAR IN (SELECT username FROM changed_username)
  OR $name::VARCHAR IN (
    SELECT entity FROM entity
    WHERE entity NOT IN (SELECT entity FROM raw_run)) AS of_username,
  $name::VARCHAR IN (SELECT group_id FROM restatement WHERE kind = 'scholar')
  OR $name::VARCHAR IN (
    SELECT unnest(list_transform(people, lambda it: it.scholar)) FROM group_week) AS of_id
