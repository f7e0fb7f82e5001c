-- title: Rows set aside
-- A row a run that could not be read, with the reason.
SELECT entity, project, run_id, reason
FROM rejected
ORDER BY entity, project, run_id, reason
