-- title: Runs, classified
-- table: run_base
-- Every live raw run of the scholars in scope: state class, start and its source, and the
-- clock facts that sessions are made of. Times in integer microseconds UTC.
WITH machine AS (
  -- Of a resumed run, the last machine.
  SELECT
    * EXCLUDE writers,
    list_sort(list_filter(list_transform(writers, lambda w: w.start), lambda it: it IS NOT NULL))
      AS writer_starts,
    list_filter(list_transform(writers, lambda w: w.host), lambda it: it IS NOT NULL)[-1] AS host,
    list_filter(list_transform(writers, lambda w: w.gpu_type), lambda it: it IS NOT NULL)[-1]
      AS gpu_type,
    list_filter(list_transform(writers, lambda w: w.gpu_count), lambda it: it IS NOT NULL)[-1]
      AS gpu_count
  FROM raw_run
),
run AS (
  SELECT
    raw.run_key, raw.run_id, raw.state, raw.config_hash, raw.sweep, raw.group_name, raw.tags,
    raw.gpu_utilisation,
    CASE WHEN raw.gpu_count >= 0 THEN raw.gpu_count END AS gpu_count,
    coalesce(raw.gpu_type, '') AS gpu_type,
    CASE WHEN lower(coalesce(raw.host, '')) NOT IN ('', 'localhost')
      THEN hash(raw.entity, raw.host) END AS named_host_key,
    CASE WHEN getvariable('gpu_count_key') IS NOT NULL THEN try_cast(coalesce(
      json_extract_string(raw.config, '$."' || getvariable('gpu_count_key') || '"'),
      json_extract_string(raw.config, '$."' || replace(getvariable('gpu_count_key'), '.', '"."') || '"')
    ) AS DOUBLE) END AS told_gpus,
    number.scholar_key,
    project.project_key,
    epoch_us(project.as_of) AS as_of_us,
    epoch_us(raw.created_at) AS created_us,
    epoch_us(raw.heartbeat_at) AS heartbeat_us,
    epoch_us(raw.last_metric_at) AS last_metric_us,
    epoch_us(raw.first_metric_at) AS first_metric_us,
    -- Cut at 30,000 years, where it can still be reckoned with: it ends at as_of, flagged.
    round(CASE WHEN abs(raw.runtime_s) > 1e12 THEN sign(raw.runtime_s) * 1e12 ELSE raw.runtime_s END
      * 1e6)::BIGINT AS runtime_us,
    raw.writer_starts,
    epoch_us(list_min(raw.writer_starts)) AS environment_us
  FROM machine AS raw
  JOIN username_scholar AS number ON number.username = coalesce(raw.username, '')
  JOIN scope ON scope.scholar_key = number.scholar_key
  JOIN project ON project.entity = raw.entity AND project.project = raw.project,
  setting
  WHERE raw.deleted_at IS NULL
)
SELECT
  run.* EXCLUDE (environment_us, told_gpus),
  -- What is no number of GPUs, such as the -1 that means all of the machine, replaces nothing; nor does
  -- more than a million, of which one would drown everybody's hours.
  CASE WHEN told_gpus BETWEEN 0 AND 1e6 THEN told_gpus END AS configured_gpus,
  coalesce(environment_us, created_us) AS start_us,
  CASE WHEN environment_us IS NULL THEN 'created' ELSE 'environment' END AS start_source,
  CASE lower(state)
    WHEN 'finished' THEN 'finished'
    WHEN 'failed' THEN 'failed'
    WHEN 'crashed' THEN 'crashed'
    WHEN 'killed' THEN 'killed'
    WHEN 'preempting' THEN 'preempted'
    WHEN 'preempted' THEN 'preempted'
    WHEN 'pending' THEN 'pending'
    WHEN 'running' THEN
      CASE WHEN as_of_us - coalesce(heartbeat_us, environment_us, created_us) <= setting.stale_us
        THEN 'running' ELSE 'stale' END
    ELSE 'unknown'
  END AS class,
  class IN ('failed', 'crashed', 'stale') AS failed_compute,
  CASE WHEN environment_us >= created_us THEN environment_us - created_us END AS queue_us
FROM run, setting
