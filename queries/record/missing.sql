-- title: Runs that a complete scan did not give
-- Ids of the runs that the store has from W&B and a scan of the whole project (`scanned`) did not.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
SELECT run_id
FROM raw_run
WHERE entity = $entity AND project = $project AND source = 'api' AND deleted_at IS NULL
  AND run_id NOT IN (SELECT run_id FROM scanned WHERE run_id IS NOT NULL)
ORDER BY run_id
