-- title: Syncs
-- One row per project and command, newest first: what it read. Its counts include everybody.
-- param: scope | STRUCT | what the viewer may see
SELECT *
FROM sync_log
WHERE may_see($scope, NULL, NULL)
ORDER BY started_at DESC, entity, project
LIMIT 200
