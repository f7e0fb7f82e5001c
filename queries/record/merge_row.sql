-- title: The changes in a batch
-- table: merge_row
-- One row per run of the batch (`incoming`): its values, its number in the record, and its outcome:
-- new, changed, revived, unchanged, or kept (the record has it from a better source).
WITH launch AS (
  -- Directories read one by one: if a launch has the id of a stored run but another start, and did
  -- not resume it, it is a separate run.
  SELECT
    * EXCLUDE (begun_at, apart) REPLACE (
      -- ID@start in UTC, with a fraction of a second if there is one; see id_of_launch.
      CASE WHEN apart
        THEN run_id || '@' || strftime(begun_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S')
          || CASE WHEN epoch_us(begun_at) % 1000000 = 0 THEN ''
            ELSE '.' || lpad((epoch_us(begun_at) % 1000000)::VARCHAR, 6, '0') END
          || 'Z'
        ELSE run_id END AS run_id,
      CASE WHEN apart THEN true ELSE relaunched END AS relaunched)
  FROM (
    SELECT
      incoming.*,
      coalesce(incoming.writers[1].start, incoming.created_at) AS begun_at,
      coalesce(abs(epoch_us(begun_at) - epoch_us(coalesce(held.writers[1].start, held.created_at)))
        > 120000000, false) AS apart
    FROM incoming
    LEFT JOIN (FROM raw_run WHERE source = 'files' AND deleted_at IS NULL) AS held
      ON held.entity = incoming.entity AND held.project = incoming.project
      AND held.run_id = incoming.run_id
      AND incoming.source = 'files' AND NOT incoming.resumed
  )
),
latest AS (
  SELECT * REPLACE (coalesce(trust, 0) AS trust)
  FROM launch
  QUALIFY row_number() OVER (
    PARTITION BY entity, project, run_id ORDER BY heartbeat_at DESC NULLS LAST) = 1
),
matched AS (
  SELECT
    latest.* REPLACE (
      -- A page of W&B's API does not have these; they stay when it replaces the row.
      coalesce(latest.first_metric_at, held.first_metric_at) AS first_metric_at,
      coalesce(latest.gpu_utilisation, held.gpu_utilisation) AS gpu_utilisation,
      CASE WHEN list_contains(held.unreadable, 'events')
        THEN list_append(coalesce(latest.unreadable, []), 'events')
        ELSE latest.unreadable END AS unreadable
    ),
    held.run_key,
    held.username AS held_username,
    held.deleted_at,
    coalesce(held.trust > latest.trust, false) AS kept,
    held
  FROM latest
  LEFT JOIN (
    -- Whole rows only for the runs in the batch: the configs of other runs need not be read.
    SELECT *
    FROM raw_run
    WHERE rowid IN (
      SELECT raw.rowid FROM raw_run AS raw SEMI JOIN latest USING (entity, project, run_id))
  ) AS held
    ON held.entity = latest.entity AND held.project = latest.project
    AND held.run_id = latest.run_id
)
SELECT
  * EXCLUDE (kept, deleted_at, held),
  CASE
    WHEN run_key IS NULL THEN 'new'
    WHEN kept THEN 'kept'
    WHEN deleted_at IS NOT NULL THEN 'revived'
    WHEN (
      username, display_name, state, created_at, submitted_at, same_as, writers, stamp,
      heartbeat_at, runtime_s,
      earlier_runtime_s, last_metric_at, first_metric_at, group_name, job_type, sweep, tags,
      config_hash, config_shape, config_hashes, named_values, false, commit, gpu_utilisation, notes,
      resumed, offline, shared, rewound, history_rows, wrote, relaunched, unreadable, source, trust, url,
      usage, attempt_of
    ) IS NOT DISTINCT FROM (
      held.username, held.display_name, held.state, held.created_at, held.submitted_at, held.same_as,
      held.writers, held.stamp,
      held.heartbeat_at, held.runtime_s, held.earlier_runtime_s, held.last_metric_at,
      held.first_metric_at, held.group_name, held.job_type, held.sweep, held.tags,
      held.config_hash, held.config_shape, held.config_hashes, held.named_values,
      held.config_earlier, held.commit, held.gpu_utilisation, held.notes, held.resumed, held.offline,
      held.shared, held.rewound, held.history_rows, held.wrote, held.relaunched, held.unreadable,
      held.source, held.trust, held.url, held.usage, held.attempt_of
    ) THEN 'unchanged'
    ELSE 'changed'
  END AS outcome
FROM matched
