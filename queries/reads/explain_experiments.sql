-- title: Explanation: experiments
-- One row per experiment that overlaps the window: its n runs, the k runs that make the result, its
-- outcome, its hours inside the window, and the figures that it counts in.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
-- word: outcome | success | k of its runs have finished
-- word: outcome | partial | some runs finished, but fewer than k, and none is still running
-- word: outcome | false_start | all its runs were early failures
-- word: outcome | failure | no run finished, and at least one was failed compute
-- word: outcome | killed | no run finished or was failed compute, and at least one was killed
-- word: outcome | other | no run finished, was failed compute or was killed
-- word: outcome | open | a run is still running, and there is no result yet
-- word: loop_status | none | has no loop of its own: a false start, or its clock is in doubt
WITH bound AS (
  FROM bounds_of('setting', $from_day::DATE, $to_day::DATE)
),
inside AS MATERIALIZED (
  -- The few experiments of the window are found before anything else is joined to them.
  SELECT experiment.experiment_key, scholar.name AS scholar, stream.stream
  FROM experiment
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key),
  bound
  WHERE of_group(
      $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
    AND coalesce(experiment.start_day < $to_day::DATE, true)
    AND coalesce(experiment.last_end_us >= bound.from_us, true)
),
spent AS (
  SELECT experiment_key, sum(clipped(start_us, end_us, from_us, to_us)) / hour_us() AS hours
  FROM segment
  SEMI JOIN inside USING (experiment_key),
  bound
  GROUP BY experiment_key
)
SELECT
  concat_ws('/', project.entity, project.project, run.run_id) AS experiment,
  experiment_name(label.group_name, label.sweep, label.display_name, run.run_id) AS name,
  inside.scholar,
  inside.stream,
  experiment.n AS runs,
  (experiment.n + 1) // 2 AS k,
  make_timestamptz(experiment.start_us) AS started_at,
  make_timestamptz(experiment.result_us) AS result_at,
  experiment.outcome,
  CASE WHEN $by = 'stream' THEN experiment.overlapped_in_stream ELSE experiment.overlapped END
    AS overlapped,
  follower.experiment_key IS NOT NULL AS follows,
  follower.head_key IS NOT NULL AS ready,
  experiment.clock,
  coalesce(loop.status, 'none') AS loop_status,
  experiment.active_us / hour_us() AS active_hours,
  coalesce(spent.hours, 0) AS hours_inside,
  coalesce(experiment.start_day >= $from_day::DATE, true)
    AND coalesce(experiment.start_day < $to_day::DATE, true) AS starts_inside,
  experiment.result_day IS NOT NULL AND coalesce(experiment.result_day >= $from_day::DATE, true)
    AND coalesce(experiment.result_day < $to_day::DATE, true) AS result_inside
FROM inside
JOIN experiment USING (experiment_key)
JOIN project USING (project_key)
JOIN run ON run.run_key = experiment.experiment_key
JOIN run_label AS label ON label.run_key = experiment.experiment_key
LEFT JOIN loop ON loop.experiment_key = experiment.experiment_key
LEFT JOIN follower ON follower.experiment_key = experiment.experiment_key
LEFT JOIN spent ON spent.experiment_key = experiment.experiment_key
ORDER BY experiment.start_us, experiment.experiment_key
