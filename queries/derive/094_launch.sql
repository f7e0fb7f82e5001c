-- title: Launches in order
-- table: launch
-- A row an experiment: the launch of the same line before it, null for the first.
SELECT
  experiment_key, scholar_key, project_key, start_us,
  lag(start_us) OVER (
    PARTITION BY scholar_key, project_key ORDER BY start_us, experiment_key) AS previous_us
FROM experiment_core
