-- title: Run counts
-- One row per scholar, project and class: the number of their runs that started in the window.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
SELECT scholar.scholar, project.project, run.class, count(*) AS runs
FROM run
JOIN actor AS scholar USING (scholar_key)
JOIN project USING (project_key)
LEFT JOIN stream USING (stream_key)
WHERE ($from_day::DATE IS NULL OR run.start_day >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR run.start_day < $to_day::DATE)
  AND may_see($scope, scholar.scholar, stream.stream)
GROUP BY ALL
ORDER BY ALL
