-- title: Runs that a complete scan did not return
-- Ids of runs that the record has from W&B and that a scan of the whole project (`scanned`) did not
-- return.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
SELECT run_id
FROM raw_run
WHERE entity = $entity AND project = $project AND source = 'api' AND deleted_at IS NULL
  AND run_id NOT IN (SELECT run_id FROM scanned WHERE run_id IS NOT NULL)
ORDER BY run_id
