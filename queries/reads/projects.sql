-- title: Projects
-- A row a project: to which instant its data is complete and how many runs it holds.
SELECT
  project.entity, project.project, project.as_of, project.pulled_from,
  count(run.run_key) AS runs
FROM project
LEFT JOIN run USING (project_key)
GROUP BY ALL
ORDER BY project.entity, project.project
