-- title: Number of runs of a project that come from W&B
-- Without those marked as deleted; the runs that W&B's own count should have.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
SELECT count(*)
FROM raw_run
WHERE entity = $entity AND project = $project AND source = 'api' AND deleted_at IS NULL
