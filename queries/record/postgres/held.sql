-- title: The runs that a batch may replace
-- Whole rows of the runs in `wanted`. A launch that was read from a local directory may be in the
-- record as ID@start, too.
SELECT *
FROM raw_run
WHERE run_key IN (
  SELECT raw.run_key
  FROM raw_run AS raw
  JOIN wanted USING (entity, project, run_id)
  UNION
  SELECT raw.run_key
  FROM raw_run AS raw
  JOIN wanted ON wanted.entity = raw.entity AND wanted.project = raw.project
    -- The character after @ is A.
    AND raw.run_id > wanted.run_id || '@' AND raw.run_id < wanted.run_id || 'A'
  WHERE wanted.source = 'files')
