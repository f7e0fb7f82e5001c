-- title: Is a new snapshot consistent?
-- One row per contradiction between the published tables: there should be none.
SELECT 'a run belongs to an experiment that does not exist' AS wrong
FROM run ANTI JOIN experiment USING (experiment_key)
WHERE run.excluded IS NULL
UNION ALL
SELECT 'an experiment belongs to a scholar who does not exist' FROM experiment ANTI JOIN actor USING (scholar_key)
UNION ALL
SELECT 'a loop has no experiment' FROM loop ANTI JOIN experiment USING (experiment_key)
LIMIT 1
