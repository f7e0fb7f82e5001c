-- title: Hosts whose charges are computed again
-- table: touched_host
-- stage: host
-- Hosts on which a scholar in scope has or had a run.
SELECT host_key FROM host_session
UNION
SELECT host_key FROM derived.host_session WHERE scholar_key IN (FROM scope)
