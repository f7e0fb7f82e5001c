-- title: Whose rows are derived again
-- table: scope
-- Scholars whose runs changed, or who have a run with the id of one of theirs; and, in projects whose
-- as_of moved, those with something running, presumed dead, not yet in the data or taken up only after
-- it, open, awaiting, not recovered, or cut to it.
WITH changed AS (
  SELECT username FROM changed_username WHERE change > (SELECT change FROM taken_in)
),
moved AS (
  SELECT project.project_key
  FROM project
  LEFT JOIN derived_to USING (project_key)
  WHERE derived_to.as_of IS DISTINCT FROM project.as_of
)
SELECT scholar_key
FROM changed
JOIN username_scholar USING (username)
UNION
-- Of runs with one id, which one counts depends on all of them.
SELECT scholar_key
FROM raw_run AS raw
JOIN username_scholar AS number ON number.username = coalesce(raw.username, '')
WHERE id_of_launch(raw.run_id) IN (
  SELECT id_of_launch(run_id) FROM raw_run WHERE coalesce(username, '') IN (FROM changed))
UNION
SELECT scholar_key
FROM derived.run
WHERE (class IN ('running', 'stale') OR excluded = 'after_as_of')
  AND project_key IN (FROM moved)
UNION
SELECT scholar_key
FROM derived.loop
WHERE status IN ('open', 'awaiting') AND project_key IN (FROM moved)
UNION
SELECT scholar_key
FROM derived.recovery
WHERE NOT recovered AND project_key IN (FROM moved)
UNION
-- An end beyond as_of was cut to it.
SELECT run.scholar_key
FROM derived.run
JOIN derived_to USING (project_key)
WHERE run.end_us = epoch_us(derived_to.as_of) AND run.project_key IN (FROM moved)
UNION
-- A later writer of a run that only begins after as_of has no session yet.
SELECT scholar_key
FROM derived.run
WHERE awaits_writer AND project_key IN (FROM moved)
