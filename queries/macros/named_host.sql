-- title: Which host a machine is
-- A key of the host within its entity; null for a name that does not tell one machine from another.
CREATE OR REPLACE MACRO named_host(entity, host) AS
CASE WHEN lower(coalesce(host, '')) NOT IN ('', 'localhost') THEN hash(entity, host) END
