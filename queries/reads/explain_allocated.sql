-- title: Explanation: idle jobs
-- One row per stretch and local day of the window in which a scheduler's job had runs inside it, but
-- none at that time: the GPUs that it held, and their hours.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
SELECT
  concat_ws('/', project.entity, project.project, run.run_id) AS run,
  coalesce(label.display_name, run.run_id) AS name,
  scholar.name AS scholar,
  idle.day,
  make_timestamptz(idle.from_us) AS started_at,
  make_timestamptz(idle.to_us) AS ended_at,
  idle.gpus,
  idle.gpus * (idle.to_us - idle.from_us) / hour_us() AS idle_gpu_hours
FROM job_idle AS idle
JOIN run USING (run_key)
JOIN run_label AS label USING (run_key)
JOIN actor AS scholar ON scholar.scholar_key = idle.scholar_key
JOIN project ON project.project_key = run.project_key
LEFT JOIN stream ON stream.stream_key = idle.stream_key
WHERE of_group(
    $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
  AND ($from_day::DATE IS NULL OR idle.day >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR idle.day < $to_day::DATE)
ORDER BY idle.from_us, run
