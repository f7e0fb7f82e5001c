-- title: Experiments up to an instant
-- Those of `known`, whose result may have changed since, and those that had ended before.
-- param: known_at | TIMESTAMPTZ | the instant
SELECT * FROM known
UNION ALL BY NAME
SELECT
  experiment.* EXCLUDE (active_us, overlapped, overlapped_in_stream, start_day, result_day),
  least(project.as_of_us, epoch_us($known_at::TIMESTAMPTZ)) AS as_of_us
FROM experiment
JOIN project USING (project_key)
ANTI JOIN known USING (experiment_key)
WHERE experiment.start_us <= epoch_us($known_at::TIMESTAMPTZ)
