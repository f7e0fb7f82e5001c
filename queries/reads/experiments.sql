-- title: Experiments
-- One row per experiment, filtered by the local day of its launch, latest first.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scholar | VARCHAR | only this scholar, null = all
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
SELECT
  scholar.scholar,
  stream.stream,
  project.entity,
  project.project,
  concat_ws('/', project.entity, project.project, first_run.run_id) AS experiment_id,
  experiment_name(label.group_name, label.sweep, label.display_name, first_run.run_id) AS label,
  experiment.n AS runs,
  make_timestamptz(experiment.start_us) AS started_at,
  make_timestamptz(experiment.result_us) AS result_at,
  CASE WHEN experiment.outcome <> 'open' THEN make_timestamptz(experiment.last_end_us) END
    AS ended_at,
  experiment.outcome,
  experiment.active_us / hour_us() AS active_hours,
  experiment.run_us / hour_us() AS run_hours,
  experiment.overlapped,
  experiment.clock,
  coalesce(loop.status, 'none') AS loop_status
FROM experiment
JOIN acting('actor', $actor) AS scholar USING (scholar_key)
JOIN project USING (project_key)
LEFT JOIN stream USING (stream_key)
JOIN run AS first_run ON first_run.run_key = experiment.experiment_key
JOIN run_label AS label ON label.run_key = experiment.experiment_key
LEFT JOIN loop ON loop.experiment_key = experiment.experiment_key
WHERE ($from_day::DATE IS NULL OR experiment.start_day >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR experiment.start_day < $to_day::DATE)
  AND ($scholar::VARCHAR IS NULL OR scholar.scholar = $scholar::VARCHAR)
  AND may_see($scope, scholar.scholar, stream.stream)
ORDER BY experiment.start_us DESC, experiment.experiment_key
