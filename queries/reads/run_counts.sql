-- title: Run counts
-- One row per scholar, project and class: the number of their runs that started in the window, and
-- how many of these count in figures, died within 2 minutes, or repeat a config that had failed
-- before.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: experiments | VARCHAR[] | only runs of these experiments, null = all
-- param: scope | STRUCT | what the viewer may see
SELECT
  scholar.scholar,
  project.entity,
  project.project,
  run.class,
  count(*) AS runs,
  count(*) FILTER (run.excluded IS NULL) AS counted,
  count(*) FILTER (run.early_failure) AS early_failures,
  count(*) FILTER (run.rework) AS runs_rework
FROM run
JOIN actor AS scholar USING (scholar_key)
JOIN project USING (project_key)
LEFT JOIN stream USING (stream_key)
WHERE ($from_day::DATE IS NULL OR run.start_day >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR run.start_day < $to_day::DATE)
  AND ($experiments::VARCHAR[] IS NULL OR run.experiment_key IN (
    -- An experiment has the id of its first run.
    SELECT run_key FROM run JOIN project USING (project_key)
    WHERE list_contains(
      $experiments::VARCHAR[], concat_ws('/', project.entity, project.project, run_id))))
  AND may_see($scope, scholar.scholar, stream.stream)
GROUP BY ALL
ORDER BY ALL
