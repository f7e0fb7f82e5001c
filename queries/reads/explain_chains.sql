-- title: Explanation: chains of ready launches
-- One row per chain with its first launch in the window: its experiments in order, the addresses of
-- their first runs, the sum of their machine hours, and how much shorter the wait could have been.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
WITH chain AS MATERIALIZED (
  FROM chain_of('follower', 'experiment')
),
named AS (
  SELECT
    member.head_key,
    list(experiment_name(label.group_name, label.sweep, label.display_name, run.run_id)
      ORDER BY run.start_us) AS experiments,
    list(label.url ORDER BY run.start_us) AS urls
  FROM (SELECT head_key, unnest(member_keys) AS run_key FROM chain) AS member
  JOIN run USING (run_key)
  JOIN run_label AS label USING (run_key)
  GROUP BY member.head_key
)
SELECT
  scholar.scholar,
  scholar.name AS scholar_name,
  concat_ws('/', project.entity, project.project) AS line,
  make_timestamptz(head.start_us) AS started_at,
  named.experiments,
  named.urls,
  chain.machine_us / hour_us() AS machine_hours,
  chain.longest_us / hour_us() AS longest_hours,
  chain.spare_us / hour_us() AS spare_hours
FROM chain
JOIN named USING (head_key)
JOIN experiment AS head ON head.experiment_key = chain.head_key
JOIN acting('actor', $actor) AS scholar USING (scholar_key)
JOIN project USING (project_key)
LEFT JOIN stream ON stream.stream_key = head.stream_key
WHERE of_group(
    $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
  AND coalesce(head.start_day >= $from_day::DATE, true)
  AND coalesce(head.start_day < $to_day::DATE, true)
ORDER BY head.start_us, head.experiment_key
