-- title: A known window of heartbeats
-- The runs of a project with the latest heartbeats: at most 100 (more only for ties) and at most
-- half of all. A filter by heartbeat from the earliest of these must return them all, and nothing
-- else.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
WITH ranked AS (
  SELECT
    run_id, heartbeat_at,
    row_number() OVER (ORDER BY heartbeat_at DESC) AS place,
    count(*) OVER () AS runs
  FROM raw_run
  WHERE entity = $entity AND project = $project AND source = 'api' AND deleted_at IS NULL
    AND heartbeat_at IS NOT NULL
)
SELECT run_id, heartbeat_at
FROM ranked
WHERE heartbeat_at >= (
  SELECT min(heartbeat_at) FROM ranked WHERE 2 * place <= greatest(2, least(200, runs)))
