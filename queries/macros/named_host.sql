-- title: The host of a machine
-- A key for the host within its entity; null for a name that does not identify one machine.
CREATE OR REPLACE MACRO named_host(entity, host) AS
CASE WHEN lower(coalesce(host, '')) NOT IN ('', 'localhost') THEN hash(entity, host) END
