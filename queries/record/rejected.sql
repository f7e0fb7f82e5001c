-- title: Runs that could not be read
-- Ids of a project's rejected rows, if known: W&B may send the runs whole next time.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
SELECT DISTINCT run_id
FROM rejected
WHERE entity = $entity AND project = $project AND run_id IS NOT NULL
ORDER BY run_id
