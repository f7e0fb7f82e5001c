-- title: Leave archived runs out of a batch
-- Deletes the runs of `incoming` that were last alive before the kept weeks, unless the record has
-- them: an experiment that goes on in the kept weeks is kept as a whole.
DELETE FROM incoming
WHERE greatest(created_at, heartbeat_at) < (SELECT max(before) FROM archived)
  AND (entity, project, run_id) NOT IN (SELECT (entity, project, run_id) FROM raw_run)
