-- title: Runs whose GPU utilisation to request next
-- One row per run of one project, the one with the latest such run, latest first: runs from W&B that
-- ended after 10 minutes or more, and whose utilisation is not known and was never requested.
-- param: most | BIGINT | maximum number of rows
WITH unmeasured AS (
  SELECT
    entity, project, run_id, run_key,
    coalesce(heartbeat_at, created_at) AS ended_at
  FROM raw_run AS raw
  WHERE source = 'api' AND deleted_at IS NULL AND gpu_utilisation IS NULL
    AND state IN ('finished', 'failed', 'crashed', 'killed', 'preempted')
    AND coalesce(runtime_s, extract(epoch FROM
      date_trunc('second', heartbeat_at) - date_trunc('second', created_at))) >= 600
    AND NOT EXISTS (
      SELECT FROM utilisation_request AS request WHERE request.run_key = raw.run_key)
)
SELECT entity, project, run_id, run_key
FROM unmeasured
WHERE (entity, project) = (
  SELECT entity, project FROM unmeasured ORDER BY ended_at DESC, run_key DESC LIMIT 1)
ORDER BY ended_at DESC, run_key DESC
LIMIT $most
