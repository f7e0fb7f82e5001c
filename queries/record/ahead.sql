-- title: How far the record is ahead of a snapshot
-- One row: the number of usernames whose runs changed after the snapshot was made, and of projects
-- that are complete to another instant than there (`shown`).
-- param: record | VARCHAR | the record of the snapshot
-- param: change | BIGINT | the number of the last change in the snapshot
SELECT
  (SELECT count(*) FROM changed_username
   WHERE change > $change OR $record <> (SELECT id FROM identity)) AS usernames,
  (SELECT count(*) FROM project ANTI JOIN shown USING (entity, project, as_of)) AS projects
