-- title: Hosts whose charges are made again
-- table: touched_host
-- Hosts that a scholar in scope is or was on.
SELECT host_key FROM host_session
UNION
SELECT host_key FROM derived.host_session WHERE scholar_key IN (FROM scope)
