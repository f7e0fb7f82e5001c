-- title: Runs that may change unnoticed
-- One row per run of a project that was not over when W&B last listed it. Its end may not move its
-- heartbeat, so it is read again by its id.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
SELECT run_id
FROM raw_run
WHERE entity = $entity AND project = $project AND source = 'api' AND deleted_at IS NULL
  AND state NOT IN ('finished', 'failed', 'crashed', 'killed', 'preempted')
ORDER BY run_id
