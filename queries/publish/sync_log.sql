-- title: Syncs
-- table: sync_log
-- What each command read, newest first.
FROM sync_log ORDER BY started_at DESC
