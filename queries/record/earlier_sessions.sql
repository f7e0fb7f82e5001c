-- title: Sessions of a run that were read before
-- Local directories are read one by one, and one may be gone when the next session of its run is
-- read. A run in `incoming` gets the sessions that only the record has. Of two copies of a session,
-- the one with the later sign of life counts. The last session says what the run is; a value that
-- it does not have comes from the others.
CREATE OR REPLACE TEMP TABLE joined AS
WITH pair AS (
  SELECT
    batch.rowid AS place, held.run_key AS held_key,
    batch.entity, batch.project, batch.run_id,
    batch.writers AS batch_writers, held.writers AS held_writers,
    least(batch.created_at, held.created_at) AS created_at,
    CASE WHEN held.created_at < batch.created_at THEN held.earlier_runtime_s
      ELSE batch.earlier_runtime_s END AS earlier_runtime_s,
    least(batch.first_metric_at, held.first_metric_at) AS first_metric_at,
    greatest(batch.last_metric_at, held.last_metric_at) AS last_metric_at,
    batch.resumed OR held.resumed AS resumed,
    batch.rewound OR held.rewound AS rewound,
    CASE WHEN held.created_at < batch.created_at THEN held.stamp ELSE batch.stamp END AS stamp,
    -- Seconds for which open sessions were seen beyond their stopwatch.
    list_transform([batch, held], lambda it: it.runtime_s - coalesce(it.earlier_runtime_s, 0)
      - coalesce(list_sum(list_transform(it.writers, lambda own: own.runtime_s)), 0)) AS seen_s,
    batch AS of_batch, held AS of_held
  FROM incoming AS batch
  JOIN raw_run AS held USING (entity, project, run_id)
  WHERE batch.source = 'files' AND held.source = 'files' AND held.deleted_at IS NULL
    AND NOT coalesce(held.config_earlier, false)
    -- Sessions are told apart by the starts in their logs. Where one is not known, the batch
    -- replaces what is held.
    AND batch.resumed IS NOT NULL AND held.resumed IS NOT NULL
    AND batch.writers[1].start IS NOT NULL AND held.writers[1].start IS NOT NULL
),
session AS (
  SELECT place, true AS fresh, unnest(batch_writers) AS writer
  FROM pair
  UNION ALL
  SELECT place, false, unnest(held_writers)
  FROM pair
),
-- Sessions that the batch has in another launch with the same id.
elsewhere AS (
  SELECT pair.place, unnest(list_transform(other.writers, lambda it: it.start)) AS start
  FROM pair
  JOIN incoming AS other ON other.entity = pair.entity AND other.project = pair.project
    AND starts_with(other.run_id, pair.run_id || '@')
),
best AS (
  SELECT place, fresh, writer.start AS start, writer
  FROM session
  WHERE fresh OR NOT EXISTS (
    FROM elsewhere WHERE elsewhere.place = session.place AND elsewhere.start = writer.start)
  QUALIFY row_number() OVER (
    PARTITION BY place, start
    -- A time in the future was read by an earlier version.
    ORDER BY CASE WHEN writer.heartbeat_at < now() + INTERVAL 1 DAY THEN writer.heartbeat_at END
      DESC NULLS LAST, writer.runtime_s DESC NULLS LAST, fresh DESC) = 1
),
whole AS (
  SELECT
    place,
    list({
      'start': start, 'host': writer.host, 'gpu_type': writer.gpu_type,
      'gpu_count': writer.gpu_count, 'runtime_s': writer.runtime_s,
      'heartbeat_at': writer.heartbeat_at, 'last_metric_at': writer.last_metric_at,
      'job_id': writer.job_id} ORDER BY start) AS writers,
    sum(writer.runtime_s) AS own_s,
    arg_max(fresh, start) AS last_is_fresh,
    count(*) AS sessions
  FROM best
  GROUP BY place
  HAVING NOT bool_and(fresh)
)
SELECT
  place, held_key, last_is_fresh, whole.writers, created_at, earlier_runtime_s, first_metric_at,
  last_metric_at, resumed, rewound, stamp,
  sessions = len(batch_writers) + len(held_writers) AS are_apart,
  CASE WHEN are_apart THEN list_sum(seen_s) ELSE list_max(seen_s) END AS more_s,
  CASE WHEN coalesce(own_s, more_s) IS NOT NULL
    THEN coalesce(own_s, 0) + coalesce(more_s, 0) + coalesce(earlier_runtime_s, 0) END AS runtime_s,
  [of_batch, of_held][1 + last_is_fresh::INTEGER] AS other
FROM whole
JOIN pair USING (place);

-- Where the record has the last session, its row replaces the one of the batch.
INSERT INTO incoming BY NAME
SELECT
  COLUMNS(lambda name: name NOT IN ('seen_at', 'deleted_at', 'config_earlier', 'clear_config')),
  'new' AS outcome
FROM raw_run
WHERE run_key IN (SELECT held_key FROM joined WHERE NOT last_is_fresh);

DELETE FROM incoming WHERE rowid IN (SELECT place FROM joined WHERE NOT last_is_fresh);

UPDATE incoming
SET
  writers = joined.writers, created_at = joined.created_at, runtime_s = joined.runtime_s,
  earlier_runtime_s = joined.earlier_runtime_s, first_metric_at = joined.first_metric_at,
  last_metric_at = joined.last_metric_at, resumed = joined.resumed, rewound = joined.rewound,
  stamp = joined.stamp,
  display_name = coalesce(incoming.display_name, other.display_name),
  group_name = coalesce(incoming.group_name, other.group_name),
  job_type = coalesce(incoming.job_type, other.job_type),
  sweep = coalesce(incoming.sweep, other.sweep),
  tags = coalesce(incoming.tags, other.tags),
  commit = coalesce(incoming.commit, other.commit),
  notes = coalesce(incoming.notes, other.notes),
  gpu_utilisation = coalesce(incoming.gpu_utilisation, other.gpu_utilisation),
  unreadable = CASE WHEN are_apart AND other.unreadable IS NOT NULL
    THEN list_distinct(coalesce(incoming.unreadable, []) || other.unreadable)
    ELSE incoming.unreadable END,
  config_shape = coalesce(incoming.config_shape, other.config_shape),
  config_hashes = CASE WHEN incoming.config_shape IS NULL THEN other.config_hashes
    ELSE incoming.config_hashes END,
  named_values = CASE WHEN incoming.config_shape IS NULL THEN other.named_values
    ELSE incoming.named_values END
FROM joined
WHERE CASE WHEN last_is_fresh THEN incoming.rowid = place ELSE incoming.run_key = held_key END;

DROP TABLE joined
