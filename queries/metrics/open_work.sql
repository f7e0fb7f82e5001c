-- title: Work in flight
-- One row per open experiment, oldest first: its age, whether it is older than usual for its line,
-- and when its result is likely: the median and the instants between which 8 in 10 results come, by
-- the Kaplan-Meier curve of the line's machine time from this age on. They are not known with fewer
-- than 19 events, or where the curve does not come down far enough.
-- param: scholar | VARCHAR | only this scholar, null = all
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
-- order: 6
-- metric: wip_age_hours | hours | Age of open work | From an open experiment's launch to the end of the data. It is older than usual if it exceeds the 85th percentile of machine time among at least 19 concluded experiments of the line.
-- metric: eta_hours | hours | Time to the result | From the end of the data to the median instant of an open experiment's result, by the machine time of at least 19 earlier experiments of the line that lasted as long.
WITH usual AS (
  SELECT
    scholar_key, project_key,
    quantile_cont(result_us - start_us, usual_age().quantile) / hour_us() AS usual_hours
  FROM experiment
  WHERE is_concluded(outcome) AND NOT clock
  GROUP BY ALL
  HAVING count(*) >= usual_age().least
),
-- Every open experiment has the machine times of its line, its own among them.
observation AS (
  SELECT
    open.experiment_key AS group_id, 'epoch'::DATE AS period_start, 'machine' AS measure,
    loop.machine_us AS length_us, loop.machine_event AS event
  FROM loop AS open
  JOIN loop USING (scholar_key, project_key)
  WHERE open.status = 'open'
),
age AS (
  SELECT experiment_key AS group_id, machine_us AS age_us FROM loop WHERE status = 'open'
)
SELECT
  scholar.scholar, project.entity, project.project, stream.stream,
  concat_ws('/', project.entity, project.project, run.run_id) AS experiment_id,
  experiment.n AS runs,
  make_timestamptz(experiment.start_us) AS started_at,
  (project.as_of_us - experiment.start_us) / hour_us() AS wip_age_hours,
  usual.usual_hours,
  coalesce((project.as_of_us - experiment.start_us) / hour_us() > usual.usual_hours, false)
    AS older_than_usual,
  (likely.middle_us - likely.age_us) / hour_us() AS eta_hours,
  make_timestamptz(experiment.start_us + likely.middle_us) AS eta_at,
  make_timestamptz(experiment.start_us + likely.low_us) AS eta_low_at,
  make_timestamptz(experiment.start_us + likely.high_us) AS eta_high_at
FROM experiment
JOIN acting('actor', $actor) AS scholar USING (scholar_key)
JOIN project USING (project_key)
JOIN run ON run.run_key = experiment.experiment_key
LEFT JOIN stream ON stream.stream_key = experiment.stream_key
LEFT JOIN usual ON usual.scholar_key = experiment.scholar_key
  AND usual.project_key = experiment.project_key
LEFT JOIN likely_lengths('observation', 'age') AS likely
  ON likely.group_id = experiment.experiment_key
WHERE experiment.outcome = 'open' AND scholar.attributed
  AND may_see($scope, scholar.scholar, stream.stream)
  AND ($scholar::VARCHAR IS NULL OR scholar.scholar = $scholar::VARCHAR)
ORDER BY experiment.start_us, experiment.experiment_key
