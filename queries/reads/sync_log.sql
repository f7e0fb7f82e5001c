-- title: Syncs
-- A row a project and command, newest first: what it brought.
SELECT *
FROM sync_log
ORDER BY started_at DESC, entity, project
LIMIT 200
