-- title: Runs of a timeline
-- One row per session of the scholar's runs that overlaps the window. Only the scholar can see it.
-- param: scholar | VARCHAR | id of the scholar
-- param: from_at | TIMESTAMPTZ | start of the window
-- param: to_at | TIMESTAMPTZ | end of the window
-- param: scope | STRUCT | what the viewer may see
SELECT
  run.run_id,
  concat_ws('/', project.entity, project.project, first_run.run_id) AS experiment_id,
  label.display_name,
  run.class,
  make_timestamptz(session.start_us) AS started_at,
  CASE WHEN NOT session.open THEN make_timestamptz(session.end_us) END AS ended_at,
  label.url
FROM session
JOIN run ON run.run_key = session.run_key
JOIN run_label AS label ON label.run_key = run.run_key
JOIN scholar ON scholar.scholar_key = session.scholar_key
JOIN project ON project.project_key = run.project_key
JOIN run AS first_run ON first_run.run_key = run.experiment_key
WHERE scholar.scholar = $scholar::VARCHAR AND may_see($scope, scholar.scholar, NULL)
  AND may_see_hours($scope, scholar.scholar)
  AND session.start_us < epoch_us($to_at::TIMESTAMPTZ)
  AND session.end_us >= epoch_us($from_at::TIMESTAMPTZ)
ORDER BY session.start_us, run.run_key, session.number
