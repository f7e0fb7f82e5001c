-- title: Work in flight
-- One row per open experiment, oldest first: its age, and whether it is older than usual for its
-- line.
-- param: scholar | VARCHAR | only this scholar, null = all
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
-- order: 6
-- metric: wip_age_hours | hours | Age of open work | From an open experiment's launch to the end of the data. It is older than usual if it exceeds the 85th percentile of machine time among at least 19 concluded experiments of the line.
WITH usual AS (
  SELECT
    scholar_key, project_key,
    quantile_cont(result_us - start_us, usual_age().quantile) / hour_us() AS usual_hours
  FROM experiment
  WHERE is_concluded(outcome) AND NOT clock
  GROUP BY ALL
  HAVING count(*) >= usual_age().least
)
SELECT
  scholar.scholar, project.entity, project.project, stream.stream,
  concat_ws('/', project.entity, project.project, run.run_id) AS experiment_id,
  experiment.n AS runs,
  make_timestamptz(experiment.start_us) AS started_at,
  (project.as_of_us - experiment.start_us) / hour_us() AS wip_age_hours,
  usual.usual_hours,
  coalesce((project.as_of_us - experiment.start_us) / hour_us() > usual.usual_hours, false)
    AS older_than_usual
FROM experiment
JOIN acting('actor', $actor) AS scholar USING (scholar_key)
JOIN project USING (project_key)
JOIN run ON run.run_key = experiment.experiment_key
LEFT JOIN stream ON stream.stream_key = experiment.stream_key
LEFT JOIN usual ON usual.scholar_key = experiment.scholar_key
  AND usual.project_key = experiment.project_key
WHERE experiment.outcome = 'open' AND scholar.attributed
  AND may_see($scope, scholar.scholar, stream.stream)
  AND ($scholar::VARCHAR IS NULL OR scholar.scholar = $scholar::VARCHAR)
ORDER BY experiment.start_us, experiment.experiment_key
