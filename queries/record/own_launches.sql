-- title: Launches that are runs of their own
-- Local directories are read one by one: if a launch in `incoming` has the id of a stored run but
-- another start, and did not resume it, it is a separate run.
UPDATE incoming
SET
  -- ID@start in UTC, with a fraction of a second if there is one; see id_of_launch.
  run_id = incoming.run_id || '@' || strftime(begun_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S')
    || CASE WHEN epoch_us(begun_at) % 1000000 = 0 THEN ''
      ELSE '.' || lpad((epoch_us(begun_at) % 1000000)::VARCHAR, 6, '0') END
    || 'Z',
  relaunched = true
FROM (
  SELECT
    batch.rowid AS place,
    coalesce(batch.writers[1].start, batch.created_at) AS begun_at
  FROM incoming AS batch
  JOIN raw_run AS held USING (entity, project, run_id)
  WHERE batch.source = 'files' AND NOT batch.resumed
    AND held.source = 'files' AND held.deleted_at IS NULL
    AND abs(epoch_us(coalesce(batch.writers[1].start, batch.created_at))
      - epoch_us(coalesce(held.writers[1].start, held.created_at))) > 120000000
) AS apart
WHERE incoming.rowid = apart.place
