-- title: Experiments of a timeline
-- One row per experiment of the scholar that overlaps the window, from its launch to the next
-- launch. Only the scholar can see it: it shows hours of the day.
-- param: scholar | VARCHAR | id of the scholar
-- param: from_at | TIMESTAMPTZ | start of the window
-- param: to_at | TIMESTAMPTZ | end of the window
-- param: scope | STRUCT | what the viewer may see
SELECT
  concat_ws('/', project.entity, project.project, first_run.run_id) AS experiment_id,
  experiment_name(label.group_name, label.sweep, label.display_name, first_run.run_id) AS label,
  project.project,
  experiment.n AS runs,
  make_timestamptz(experiment.start_us) AS started_at,
  CASE WHEN experiment.outcome <> 'open' THEN make_timestamptz(experiment.last_end_us) END
    AS ended_at,
  make_timestamptz(experiment.result_us) AS result_at,
  make_timestamptz(loop.next_us) AS next_at,
  experiment.outcome,
  coalesce(loop.status, 'none') AS loop_status
FROM experiment
JOIN scholar USING (scholar_key)
JOIN project USING (project_key)
JOIN run AS first_run ON first_run.run_key = experiment.experiment_key
JOIN run_label AS label ON label.run_key = experiment.experiment_key
LEFT JOIN loop ON loop.experiment_key = experiment.experiment_key
WHERE scholar.scholar = $scholar::VARCHAR AND may_see($scope, scholar.scholar, NULL)
  AND may_see_hours($scope, scholar.scholar)
  AND experiment.start_us < epoch_us($to_at::TIMESTAMPTZ)
  AND coalesce(greatest(experiment.last_end_us, loop.result_us), experiment.last_end_us)
    >= epoch_us($from_at::TIMESTAMPTZ)
ORDER BY experiment.start_us, experiment.experiment_key
