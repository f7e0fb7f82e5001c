-- title: Run intervals
-- table: run_interval
-- One row per run that counts: its last end (null while open), the time for which it was present
-- and active, and the key by which it may be linked with other runs.
WITH span AS (
  SELECT
    run_key,
    max(session.end_us) AS end_us,
    sum(session.end_us - session.start_us)::BIGINT AS present_us,
    sum(session.active_us)::BIGINT AS active_us,
    arg_max(end_source, number) AS end_source,
    bool_or(session.estimated) AS estimated,
    bool_or(session.clock) AS clock,
    bool_or(session.suspended) AS suspended,
    bool_or(session.stood_still) AS stood_still
  FROM session
  GROUP BY run_key
)
SELECT
  run.run_key, run.run_id, run.scholar_key, run.project_key, run.as_of_us, run.class,
  run.start_us,
  span.end_us,
  -- Open even if its last writer only starts after as_of.
  run.class = 'running' AS open,
  span.present_us,
  span.active_us,
  CASE WHEN run.class = 'running' THEN 'open' ELSE span.end_source END AS end_source,
  span.estimated,
  span.suspended,
  span.stood_still,
  -- A writer that starts after as_of waits for the next sync, like a run.
  span.clock OR list_max(run.writer_starts) - run.as_of_us > run.slack_us AS clock,
  run.failed_compute,
  -- Only compute counts towards the length, not a pause or sleep.
  run.failed_compute AND span.active_us <= early_us() AND span.end_source <> 'unknown'
    AS early_failure,
  run.config_hash, run.full_hash,
  CASE
    WHEN experiment_tag IS NOT NULL THEN 'tag'
    WHEN run.sweep IS NOT NULL THEN 'sweep'
    ELSE 'group'
  END AS key_kind,
  coalesce(experiment_tag, run.sweep, run.group_name, '') AS key_name
FROM (
  SELECT
    *,
    list_min(list_filter(tags, lambda tag: starts_with(tag, 'exp:') AND len(tag) > 4))
      AS experiment_tag
  FROM run_base
) AS run
JOIN span USING (run_key)
