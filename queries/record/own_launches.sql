-- title: Launches that are runs of their own
-- Local directories are read one by one: if a launch in `incoming` has the id of a stored run but
-- another start, and did not resume it, it is a separate run, named ID@start.
UPDATE incoming
SET run_id = launch_id, relaunched = true
FROM (
  SELECT
    batch.rowid AS place,
    coalesce(batch.writers[1].start, batch.created_at) AS begun_at,
    batch.resumed IS NOT NULL AND batch.earlier_runtime_s IS NULL
      -- What is held went on with an earlier session, perhaps this one.
      AND NOT (held.earlier_runtime_s IS NOT NULL AND begun_at < held.created_at) AS begins,
    -- In UTC, with a fraction of a second if there is one; see id_of_launch.
    batch.run_id || '@' || strftime(begun_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S')
      || CASE WHEN epoch_us(begun_at) % 1000000 = 0 THEN ''
        ELSE '.' || lpad((epoch_us(begun_at) % 1000000)::VARCHAR, 6, '0') END
      || 'Z' AS launch_id
  FROM incoming AS batch
  JOIN raw_run AS held USING (entity, project, run_id)
  WHERE batch.source = 'files' AND held.source = 'files' AND held.deleted_at IS NULL
    AND begun_at <> coalesce(held.writers[1].start, held.created_at)
    -- A log that was read before it had all of its start.
    AND batch.created_at <> held.created_at
) AS apart
WHERE incoming.rowid = apart.place
  AND (apart.begins OR EXISTS (
    FROM raw_run AS launch
    WHERE launch.entity = incoming.entity AND launch.project = incoming.project
      AND launch.run_id = apart.launch_id AND launch.deleted_at IS NULL))
