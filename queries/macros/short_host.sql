-- title: The short name of a host
-- "gpu01" for "gpu01.cluster.example", which two programs may call the same host. An address stays as
-- it is; null if there is no name, or one that many machines have.
CREATE OR REPLACE MACRO short_host(host) AS
CASE
  WHEN lower(coalesce(host, '')) IN ('', 'localhost') THEN NULL
  WHEN regexp_full_match(host, '[0-9.:]+') THEN host
  ELSE lower(split_part(host, '.', 1))
END
