-- title: Projects
-- One row per project: the instant up to which its data is complete, and its number of runs. A
-- viewer who does not see everything gets the projects of the runs that they may see, and counts of
-- these runs.
-- param: scope | STRUCT | what the viewer may see
WITH seen AS (
  SELECT run.project_key, count(*) AS runs
  FROM run
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE may_see($scope, scholar.scholar, stream.stream)
  GROUP BY run.project_key
)
SELECT
  project.entity, project.project, project.as_of, project.pulled_from,
  coalesce(seen.runs, 0) AS runs
FROM project
LEFT JOIN seen USING (project_key)
WHERE may_see($scope, NULL, NULL) OR seen.runs > 0
ORDER BY project.entity, project.project
