-- title: Experiments without a stream
-- A row a line of a scholar whose experiments no stream rule and no single membership claims; they
-- count for the scholar and the programme, for no stream. None where there are no streams.
-- param: scope | STRUCT | what the viewer may see
SELECT
  scholar.scholar, project.entity, project.project, count(*) AS experiments,
  make_timestamptz(min(experiment.start_us)) AS first_at,
  make_timestamptz(max(experiment.start_us)) AS last_at
FROM experiment
JOIN scholar USING (scholar_key)
JOIN project USING (project_key)
WHERE experiment.stream_key IS NULL AND scholar.attributed AND EXISTS (FROM stream)
  AND may_see($scope, scholar.scholar, NULL)
GROUP BY ALL
ORDER BY experiments DESC, scholar.scholar
