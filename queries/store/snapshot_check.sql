-- title: Does a new snapshot hang together?
-- A row a contradiction between the published tables; none is right.
SELECT 'a run in an experiment that is not there' AS wrong
FROM run ANTI JOIN experiment USING (experiment_key)
WHERE run.excluded IS NULL
UNION ALL
SELECT 'an experiment of a scholar who is not there' FROM experiment ANTI JOIN scholar USING (scholar_key)
UNION ALL
SELECT 'a loop without its experiment' FROM loop ANTI JOIN experiment USING (experiment_key)
LIMIT 1
