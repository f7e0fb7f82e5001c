-- title: People with runs
-- Ids of the scholars who have a run.
SELECT DISTINCT actor.scholar
FROM run_scholar
JOIN derived.actor AS actor USING (scholar_key)
