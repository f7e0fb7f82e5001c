-- title: Runs that differ from a listing
-- Ids in a project's listing (`listed`) that are missing from the record, are marked as deleted,
-- come from another source, or differ in a column of the listing. Archived runs are not missing.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
SELECT DISTINCT listed.run_id
FROM listed
LEFT JOIN raw_run AS held
  ON held.entity = $entity AND held.project = $project AND held.run_id = listed.run_id
  AND held.source = 'api' AND held.deleted_at IS NULL
WHERE listed.run_id IS NOT NULL AND (
  held.run_id IS NULL AND coalesce(
    greatest(listed.created_at, listed.heartbeat_at) >= (SELECT max(before) FROM archived), true)
  OR held.run_id IS NOT NULL AND (
    -- The record has a likely creation where that of the listing cannot be read.
    listed.username, listed.display_name, listed.state,
    coalesce(listed.created_at, held.created_at), listed.heartbeat_at, listed.group_name,
    listed.job_type, listed.sweep, listed.tags, listed.notes
  ) IS DISTINCT FROM (
    held.username, held.display_name, held.state, held.created_at, held.heartbeat_at,
    held.group_name, held.job_type, held.sweep, held.tags, held.notes
  ))
ORDER BY 1
