-- title: Number of W&B runs of a project
-- Runs from W&B that are not marked as deleted: the number to compare with W&B's own count.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
SELECT count(*)
FROM raw_run
WHERE entity = $entity AND project = $project AND source = 'api' AND deleted_at IS NULL
