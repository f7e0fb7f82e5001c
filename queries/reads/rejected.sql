-- title: Skipped rows
-- One row per run that could not be read, with the reason.
-- param: scope | STRUCT | what the viewer may see
SELECT entity, project, run_id, reason
FROM rejected
WHERE may_see($scope, NULL, NULL)
ORDER BY entity, project, run_id, reason
