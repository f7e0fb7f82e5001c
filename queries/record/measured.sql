-- title: Store GPU utilisation
-- The runs in `measured` get their utilisation, or "events" among their unreadable fields.
INSERT OR REPLACE INTO changed_username
SELECT username, nextval('change_sequence')
FROM (
  SELECT DISTINCT coalesce(raw.username, '') AS username
  FROM raw_run AS raw
  JOIN measured USING (entity, project, run_id));

-- Apart from the flag: an update of a list writes whole rows.
UPDATE raw_run
SET gpu_utilisation = measured.share
FROM measured
WHERE raw_run.entity = measured.entity AND raw_run.project = measured.project
  AND raw_run.run_id = measured.run_id AND measured.share IS NOT NULL;

UPDATE raw_run
SET unreadable = list_append(coalesce(raw_run.unreadable, []), 'events')
FROM measured
WHERE raw_run.entity = measured.entity AND raw_run.project = measured.project
  AND raw_run.run_id = measured.run_id AND measured.share IS NULL
