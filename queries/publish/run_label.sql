-- title: Run labels
-- table: run_label
-- What people call a run and what W&B reports about it, without its config.
SELECT
  raw.run_key, raw.display_name, raw.username, raw.group_name, raw.job_type, raw.sweep, raw.tags,
  raw.gpu_utilisation, raw.notes, raw.source,
  -- The URL of an imported table becomes a link: only a web address or a page of this server.
  CASE WHEN regexp_matches(raw.url, '^(https?:/)?/[^/\\]') THEN raw.url END AS url,
  raw.created_at, raw.heartbeat_at, raw.runtime_s
FROM raw_run AS raw
WHERE raw.deleted_at IS NULL
ORDER BY raw.run_key
