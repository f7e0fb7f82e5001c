-- title: Explanation: sessions
-- A row a session of the runs of experiments that touch the window, and how much of it lies inside.
-- param: scholar | VARCHAR | whose
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
SELECT
  concat_ws('/', project.entity, project.project, run.run_id) AS run,
  session.number AS session,
  make_timestamptz(session.start_us) AS started_at,
  make_timestamptz(session.end_us) AS ended_at,
  session.open, session.end_source, session.estimated, session.clock,
  (session.end_us - session.start_us) / 3.6e9 AS hours,
  session.active_us / 3.6e9 AS active_hours,
  clipped(setting.timezone, session.start_us, session.end_us, $from_day::DATE, $to_day::DATE) / 3.6e9
    AS hours_inside
FROM session
JOIN run USING (run_key)
JOIN scholar ON scholar.scholar_key = run.scholar_key
JOIN project ON project.project_key = run.project_key
JOIN experiment ON experiment.experiment_key = run.experiment_key,
setting
WHERE scholar.scholar = $scholar::VARCHAR AND may_see($scope, scholar.scholar, NULL)
  AND coalesce(experiment.start_day < $to_day::DATE, true)
  AND coalesce(local_day(setting.timezone, experiment.last_end_us) >= $from_day::DATE, true)
ORDER BY experiment.start_us, run.experiment_key, run.start_us, run.run_id, session.number
