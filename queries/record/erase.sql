-- title: Erase a person
-- Deletes the rows of a person (`person` holds their names), and whatever text of the logs has one of their names in it.
DELETE FROM rejected
WHERE (entity, project) IN (
  SELECT (entity, project) FROM raw_run WHERE username IN (FROM person));

DELETE FROM raw_run WHERE username IN (FROM person);

DELETE FROM restatement
WHERE kind = 'scholar' AND group_id IN (FROM person);

DELETE FROM changed_username WHERE username IN (FROM person);

DELETE FROM sync_log
WHERE entity IN (FROM person)
  OR EXISTS (
    SELECT 1 FROM person
    WHERE contains(concat_ws(' ', note, error), person.name));

DELETE FROM project
WHERE entity IN (FROM person)
  AND (entity, project) NOT IN (SELECT (entity, project) FROM raw_run)
