-- title: Explanation: chains of ready launches
-- One row per chain with its first launch in the window: its experiments in order, the sum of their
-- machine hours, and how much shorter the wait could have been.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
WITH member AS (
  SELECT head_key, experiment_key FROM follower WHERE head_key IS NOT NULL
  UNION
  SELECT head_key, head_key FROM follower WHERE head_key IS NOT NULL
),
chain AS (
  SELECT
    head_key,
    list(experiment_name(label.group_name, label.sweep, label.display_name, run.run_id)
      ORDER BY experiment.start_us) AS experiments,
    coalesce(sum(result_us - experiment.start_us), 0)::BIGINT AS machine_us,
    coalesce(max(result_us - experiment.start_us), 0) AS longest_us
  FROM member
  JOIN experiment USING (experiment_key)
  JOIN run ON run.run_key = experiment.experiment_key
  JOIN run_label AS label ON label.run_key = experiment.experiment_key
  GROUP BY head_key
)
SELECT
  scholar.name AS scholar,
  concat_ws('/', project.entity, project.project) AS line,
  make_timestamptz(head.start_us) AS started_at,
  chain.experiments,
  chain.machine_us / hour_us() AS machine_hours,
  chain.longest_us / hour_us() AS longest_hours,
  (chain.machine_us - chain.longest_us) / hour_us() AS spare_hours
FROM chain
JOIN experiment AS head ON head.experiment_key = chain.head_key
JOIN scholar USING (scholar_key)
JOIN project USING (project_key)
LEFT JOIN stream ON stream.stream_key = head.stream_key
WHERE of_group(
    $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
  AND coalesce(head.start_day >= $from_day::DATE, true)
  AND coalesce(head.start_day < $to_day::DATE, true)
ORDER BY head.start_us, head.experiment_key
