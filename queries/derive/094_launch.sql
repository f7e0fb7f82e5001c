-- title: Launches in order
-- table: launch
-- One row per experiment: the preceding launch of the same line, null for the first, and the
-- streams of both.
SELECT
  experiment_key, scholar_key, project_key, stream_key, start_us,
  lag(start_us) OVER line AS previous_us,
  lag(stream_key) OVER line AS previous_stream_key
FROM experiment_core
WINDOW line AS (PARTITION BY scholar_key, project_key ORDER BY start_us, experiment_key)
