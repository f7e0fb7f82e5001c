-- title: Launches that are runs of their own
-- Local directories are read one by one. If a launch in `incoming` has the id of a stored run but
-- another start, and did not resume it, one of them is a separate run, named ID@start: the later
-- one. A session that resumed a run belongs to the last launch before it.
UPDATE incoming
SET run_id = before.run_id, relaunched = true
FROM (
  SELECT batch.rowid AS place, arg_max(launch.run_id, launch.created_at) AS run_id
  FROM incoming AS batch
  JOIN raw_run AS launch ON launch.entity = batch.entity AND launch.project = batch.project
    AND batch.run_id = regexp_extract(launch.run_id, '^(.*)@', 1)
  WHERE batch.source = 'files' AND launch.source = 'files' AND launch.deleted_at IS NULL
    AND batch.earlier_runtime_s IS NOT NULL
    AND launch.created_at < coalesce(batch.writers[1].start, batch.created_at)
  GROUP BY batch.rowid
) AS before
WHERE incoming.rowid = before.place;

CREATE OR REPLACE TEMP TABLE apart AS
WITH pair AS (
  SELECT
    batch.rowid AS place, held.run_key AS held_key, batch.entity, batch.project, batch.run_id,
    coalesce(batch.writers[1].start, batch.created_at) AS begun_at,
    coalesce(held.writers[1].start, held.created_at) AS held_begun_at,
    batch.resumed IS NOT NULL AND batch.earlier_runtime_s IS NULL
      -- What is held went on with an earlier session, perhaps this one.
      AND NOT (held.earlier_runtime_s IS NOT NULL AND begun_at < held.created_at) AS begins,
    -- What is held did not go on with it.
    begun_at < held_begun_at AND batch.resumed IS NOT NULL
      AND held.resumed IS NOT NULL AND held.earlier_runtime_s IS NULL AS is_first
  FROM incoming AS batch
  JOIN raw_run AS held USING (entity, project, run_id)
  WHERE batch.source = 'files' AND held.source = 'files' AND held.deleted_at IS NULL
    AND begun_at <> held_begun_at
    -- A log that was read before it had all of its start.
    AND batch.created_at <> held.created_at
),
named AS (
  SELECT
    *,
    -- In UTC, with a fraction of a second if there is one; see id_of_launch.
    list_transform([begun_at, held_begun_at], lambda it:
      run_id || '@' || strftime(it AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S')
        || CASE WHEN epoch_us(it) % 1000000 = 0 THEN ''
          ELSE '.' || lpad((epoch_us(it) % 1000000)::VARCHAR, 6, '0') END
        || 'Z') AS ids
  FROM pair
),
known AS (
  SELECT place
  FROM named
  JOIN raw_run AS launch ON launch.entity = named.entity AND launch.project = named.project
    AND launch.run_id = ids[1] AND launch.deleted_at IS NULL
)
SELECT
  place, held_key, begins, ids[1] AS launch_id, ids[2] AS held_id,
  place IN (FROM known) AS is_known,
  is_first AND place NOT IN (FROM known) AS is_first
FROM named;

-- The launch that is held is the later one.
INSERT INTO incoming BY NAME
SELECT
  COLUMNS(lambda name: name NOT IN (
    'run_key', 'run_id', 'relaunched', 'seen_at', 'deleted_at', 'config_earlier', 'clear_config',
    'held_key', 'held_id')),
  held_id AS run_id, true AS relaunched, 'new' AS outcome
FROM raw_run
JOIN (SELECT held_key, held_id FROM apart WHERE is_first) ON held_key = run_key
WHERE (entity, project, held_id) NOT IN (SELECT (entity, project, run_id) FROM incoming);

UPDATE incoming
SET run_id = launch_id, relaunched = true
FROM apart
WHERE incoming.rowid = apart.place AND NOT is_first AND (begins OR is_known);

DROP TABLE apart
