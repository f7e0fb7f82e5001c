-- title: Syncs
-- A row a project and command, newest first: what it brought. Its counts are of everybody.
-- param: scope | STRUCT | what the viewer may see
SELECT *
FROM sync_log
WHERE may_see($scope, NULL, NULL)
ORDER BY started_at DESC, entity, project
LIMIT 200
