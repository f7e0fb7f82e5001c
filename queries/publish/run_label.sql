-- title: Run labels
-- table: run_label
-- What people call a run and what it ran on; never its config.
SELECT
  raw.run_key, raw.display_name, raw.username, raw.group_name, raw.job_type, raw.sweep, raw.tags,
  list_filter(list_transform(writers, lambda it: it.host), lambda it: it IS NOT NULL)[-1] AS host,
  list_filter(list_transform(writers, lambda it: it.gpu_type), lambda it: it IS NOT NULL)[-1]
    AS gpu_type,
  list_filter(list_transform(writers, lambda it: it.gpu_count), lambda it: it IS NOT NULL)[-1]
    AS gpu_count,
  raw.gpu_utilisation, raw.notes, raw.source,
  raw.created_at, raw.heartbeat_at, raw.runtime_s
FROM raw_run AS raw
WHERE raw.deleted_at IS NULL
ORDER BY raw.run_key
