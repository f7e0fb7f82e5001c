-- title: State words of no class
-- The first words, as they are written, of states that nobody knows.
-- param: projects | VARCHAR[] | "entity/project" of each project to look at
SELECT DISTINCT coalesce(nullif(regexp_extract(run.state, '\S+'), ''), '(none)') AS word
FROM derived.run
JOIN project USING (project_key)
WHERE list_contains(run.flags, 'unknown_state')
  AND list_contains($projects::VARCHAR[], project.entity || '/' || project.project)
ORDER BY word
