-- title: Explanation: runs
-- One row per run of the experiments that overlap the window, and per run in the window that counts
-- nowhere: what the source reported, how it was interpreted and why, and the figures that it counts
-- in.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
-- word: start_source | environment | starts at the start that one of its processes recorded
-- word: start_source | stamp | starts at the start that its old client recorded
-- word: start_source | rows | starts one runtime before its last logged row: it was uploaded late
-- word: start_source | created | starts at its creation: no process recorded a start, or its clock was wrong
-- word: joined_by | first | is the first run of the experiment
-- word: joined_by | tag | has the tag of the experiment
-- word: joined_by | sweep | belongs to the sweep
-- word: joined_by | continuation | continues a pre-empted run with the same config
-- word: joined_by | together | was launched together with the run before it, which was in flight
-- word: joined_by | same_config | has the config of the run before it, which was in flight
-- word: joined_by | script | started so soon after another run ended that a script must have launched it
WITH inside AS MATERIALIZED (
  -- The few runs of the window are found before anything else is joined to them.
  SELECT run.run_key, scholar.name AS scholar, experiment.start_us
  FROM run
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  LEFT JOIN experiment USING (experiment_key),
  bounds_of('setting', $from_day::DATE, $to_day::DATE) AS bound
  WHERE of_group(
      $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
    AND coalesce(coalesce(experiment.start_day, run.start_day) < $to_day::DATE, true)
    AND coalesce(
      CASE WHEN experiment.last_end_us IS NULL THEN run.start_day >= $from_day::DATE
        ELSE experiment.last_end_us >= bound.from_us END,
      true)
)
SELECT
  concat_ws('/', project.entity, project.project, run.run_id) AS run,
  coalesce(label.display_name, run.run_id) AS name,
  inside.scholar,
  run.state,
  label.created_at,
  make_timestamptz(run.start_us) AS started_at,
  label.heartbeat_at,
  label.runtime_s / 3600 AS runtime_hours,
  run.class,
  run.start_source,
  make_timestamptz(run.end_us) AS ended_at,
  run.end_source,
  run.active_us / hour_us() AS active_hours,
  CASE WHEN run.experiment_key IS NOT NULL
    THEN concat_ws('/', project.entity, project.project, first_run.run_id) END AS experiment,
  CASE WHEN run.experiment_key IS NOT NULL THEN experiment_name(
    first_label.group_name, first_label.sweep, first_label.display_name, first_run.run_id) END
    AS experiment_name,
  run.joined_by,
  run.excluded,
  array_to_string(run.flags, ' ') AS flags,
  run.clock, run.estimated, run.failed_compute, run.early_failure, run.rework,
  run.repeat,
  run.excluded IS NULL AND coalesce(run.start_day >= $from_day::DATE, true)
    AND coalesce(run.start_day < $to_day::DATE, true) AS starts_inside,
  run.excluded IS NULL AND run.end_day IS NOT NULL
    AND coalesce(run.end_day >= $from_day::DATE, true)
    AND coalesce(run.end_day < $to_day::DATE, true) AS ends_inside
FROM inside
JOIN run USING (run_key)
JOIN run_label AS label USING (run_key)
JOIN project ON project.project_key = run.project_key
LEFT JOIN run AS first_run ON first_run.run_key = run.experiment_key
LEFT JOIN run_label AS first_label ON first_label.run_key = run.experiment_key
ORDER BY inside.start_us, run.experiment_key, run.start_us, run.run_id
