-- title: A window of heartbeats that is known
-- The runs of a project with the latest heartbeats, 100 at most but for ties, and at most half of
-- all: what a filter by heartbeat must give for the earliest of these, and what it must leave out.
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
  SELECT min(heartbeat_at) FROM ranked WHERE place <= greatest(1, least(100, runs // 2)))
