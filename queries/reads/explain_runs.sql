-- title: Explanation: runs
-- A row a run of the experiments that touch the window, and each run of it that counts nowhere: what
-- came in, what it was taken for and why, and what it counts as.
-- param: scholar | VARCHAR | whose
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
SELECT
  concat_ws('/', project.entity, project.project, run.run_id) AS run,
  run.state,
  label.created_at,
  make_timestamptz(run.start_us) AS started_at,
  label.heartbeat_at,
  label.runtime_s / 3600 AS runtime_hours,
  run.class,
  run.start_source,
  make_timestamptz(run.end_us) AS ended_at,
  run.end_source,
  run.active_us / 3.6e9 AS active_hours,
  CASE WHEN run.experiment_key IS NOT NULL
    THEN concat_ws('/', project.entity, project.project, first_run.run_id) END AS experiment,
  run.joined_by,
  run.excluded,
  array_to_string(run.flags, ' ') AS flags,
  run.clock, run.estimated, run.failed_compute, run.early_failure, run.rework,
  run.excluded IS NULL AND coalesce(run.start_day >= $from_day::DATE, true)
    AND coalesce(run.start_day < $to_day::DATE, true) AS starts_inside,
  run.excluded IS NULL AND run.end_day IS NOT NULL
    AND coalesce(run.end_day >= $from_day::DATE, true)
    AND coalesce(run.end_day < $to_day::DATE, true) AS ends_inside
FROM run
JOIN run_label AS label USING (run_key)
JOIN scholar ON scholar.scholar_key = run.scholar_key
JOIN project ON project.project_key = run.project_key
LEFT JOIN experiment ON experiment.experiment_key = run.experiment_key
LEFT JOIN run AS first_run ON first_run.run_key = run.experiment_key,
setting
WHERE scholar.scholar = $scholar::VARCHAR AND may_see($scope, scholar.scholar, NULL)
  AND coalesce(coalesce(experiment.start_day, run.start_day) < $to_day::DATE, true)
  AND coalesce(
    coalesce(local_day(setting.timezone, experiment.last_end_us), run.start_day) >= $from_day::DATE,
    true)
ORDER BY experiment.start_us, run.experiment_key, run.start_us, run.run_id
