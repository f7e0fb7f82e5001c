-- title: Mark runs as deleted
-- The runs in `gone` stay in the record, outside every metric, until W&B lists them again.
INSERT OR REPLACE INTO changed_username
SELECT username, nextval('change_sequence')
FROM (
  SELECT DISTINCT coalesce(raw.username, '') AS username
  FROM raw_run AS raw
  JOIN gone USING (entity, project, run_id));

UPDATE raw_run SET deleted_at = gone.deleted_at
FROM gone
WHERE raw_run.entity = gone.entity AND raw_run.project = gone.project
  AND raw_run.run_id = gone.run_id
