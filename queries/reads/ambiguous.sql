-- title: Experiments without a stream
-- One row per line of a scholar with experiments that no stream rule or single membership assigns.
-- They count for the scholar and the programme, but for no stream. No rows if there are no streams.
-- param: scope | STRUCT | what the viewer may see
SELECT
  scholar.scholar, project.entity, project.project, count(*) AS experiments,
  make_timestamptz(min(experiment.start_us)) AS first_at,
  make_timestamptz(max(experiment.start_us)) AS last_at
FROM experiment
JOIN actor AS scholar USING (scholar_key)
JOIN project USING (project_key)
WHERE experiment.stream_key IS NULL AND scholar.attributed AND EXISTS (FROM stream)
  AND may_see($scope, scholar.scholar, NULL)
GROUP BY ALL
ORDER BY experiments DESC, scholar.scholar, project.entity, project.project
