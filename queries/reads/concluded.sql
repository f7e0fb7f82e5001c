-- title: Experiments concluded
-- One row per experiment with a result in the window that concluded, latest first: whose it is, its
-- name, the page of its first run, and the local days of its launch and result. Users who are not in the roster have no stream.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
SELECT
  scholar.scholar, CASE WHEN scholar.attributed THEN stream.stream END AS stream,
  project.entity, project.project,
  concat_ws('/', project.entity, project.project, run.run_id) AS experiment_id,
  experiment_name(label.group_name, label.sweep, label.display_name, run.run_id) AS label,
  label.url,
  experiment.start_day, experiment.result_day
FROM experiment
JOIN scholar USING (scholar_key)
JOIN project USING (project_key)
JOIN run ON run.run_key = experiment.experiment_key
JOIN run_label AS label ON label.run_key = experiment.experiment_key
LEFT JOIN stream ON stream.stream_key = experiment.stream_key
WHERE is_concluded(experiment.outcome)
  AND ($from_day::DATE IS NULL OR experiment.result_day >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR experiment.result_day < $to_day::DATE)
  AND may_see($scope, scholar.scholar, stream.stream)
ORDER BY experiment.result_us DESC, experiment.experiment_key
