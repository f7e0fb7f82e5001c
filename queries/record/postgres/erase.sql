-- title: Erase the runs of a person
-- Deletes the runs of usernames, and the requests for their utilisation.
-- param: names | VARCHAR[] | usernames
WITH gone AS (
  DELETE FROM raw_run WHERE username = ANY($names::TEXT[]) RETURNING run_key
)
DELETE FROM utilisation_request WHERE run_key IN (SELECT run_key FROM gone)
