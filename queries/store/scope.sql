-- title: Actors to derive again
-- table: scope
-- The keys of scholars and automations whose runs changed, or who have a run with the same id as a changed one. In projects
-- with a new as_of, also scholars with a run that is running, presumed dead, cut at as_of, or
-- (partly) after it; with an open or awaiting loop; or with a failure that has not recovered.
WITH changed AS (
  SELECT username FROM changed_username WHERE change > (SELECT change FROM taken_in)
),
moved AS (
  SELECT project.project_key
  FROM project
  LEFT JOIN derived_to USING (project_key)
  WHERE derived_to.as_of IS DISTINCT FROM project.as_of
),
launch AS (
  SELECT run_key, id_of_launch(run_id) AS launch_id FROM raw_run
  UNION ALL
  SELECT run_key, unnest(same_as) FROM raw_run WHERE same_as IS NOT NULL
),
found AS (
  SELECT scholar_key
  FROM changed
  JOIN username_scholar USING (username)
  UNION
  -- A changed run may belong to another actor than before.
  SELECT run.scholar_key
  FROM derived.run
  JOIN raw_run AS raw USING (run_key)
  WHERE coalesce(raw.username, '') IN (FROM changed)
  UNION
  -- Which of several runs with the same id counts depends on all of them.
  SELECT scholar_key
  FROM launch
  JOIN run_scholar USING (run_key)
  WHERE launch_id IN (
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
  -- An end after as_of was cut to it.
  SELECT run.scholar_key
  FROM derived.run
  JOIN derived_to USING (project_key)
  WHERE run.end_us = epoch_us(derived_to.as_of) AND run.project_key IN (FROM moved)
  UNION
  -- A later writer that only starts after as_of has no session yet.
  SELECT scholar_key
  FROM derived.run
  WHERE awaits_writer AND project_key IN (FROM moved)
)
FROM found
UNION
-- A scheduler's job and the runs inside it may belong to different actors of a scholar.
SELECT other.scholar_key
FROM found
JOIN derived.actor AS own USING (scholar_key)
JOIN derived.actor AS other ON other.owner_key = own.owner_key
WHERE own.owner_key IN (
  SELECT actor.owner_key
  FROM raw_run AS raw
  JOIN run_scholar USING (run_key)
  JOIN derived.actor AS actor USING (scholar_key)
  WHERE raw.submitted_at IS NOT NULL)
