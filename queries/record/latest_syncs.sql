-- title: The latest command of each project
-- One row per project: when the command that brought something in last began, and its error if it
-- failed.
SELECT entity, project, started_at, error
FROM sync_log
QUALIFY row_number() OVER (PARTITION BY entity, project ORDER BY started_at DESC) = 1
