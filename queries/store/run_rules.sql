-- title: Runs that rules of the roster match
-- One row per run that a rule matches: its owner (kind and name, as in scholar_number), whether a
-- person or automation launched it, and whether it is ignored. Of the rules of a shared account, the
-- first that matches decides the owner. An automation rule with a scholar matches the runs of that
-- scholar, and takes those of usernames that are nobody's.
CREATE OR REPLACE TEMP TABLE run_rule AS
WITH rule AS (
  FROM roster_run_rule
  UNION ALL
  -- The tag that excludes a run without any rule.
  SELECT -1, 'excluded', NULL, NULL, 'tag', 'velocity:ignore', NULL
),
live AS (
  FROM raw_run WHERE deleted_at IS NULL
),
place AS (
  -- Where the value of a rule would be in the configs of each shape.
  SELECT
    value.position, shape.config_shape, list_position(shape.paths, value.path) AS place, value.hash
  FROM rule_value AS value
  JOIN config_shape AS shape ON list_contains(shape.paths, value.path)
),
matched AS (
  SELECT live.run_key, rule.position
  FROM live
  JOIN rule ON rule.criterion = 'username' AND rule.wanted = live.username
  UNION
  SELECT tagged.run_key, rule.position
  FROM (SELECT run_key, unnest(tags) AS tag FROM live) AS tagged
  JOIN rule ON rule.criterion = 'tag' AND rule.wanted = tagged.tag
  UNION
  SELECT live.run_key, rule_project.position
  FROM live
  JOIN rule_project USING (entity, project)
  UNION
  SELECT live.run_key, rule.position
  FROM live
  JOIN rule ON rule.criterion = 'job_type' AND rule.wanted = live.job_type
  UNION
  SELECT live.run_key, place.position
  FROM live
  JOIN place USING (config_shape)
  WHERE live.config_hashes[place.place] = place.hash
),
applied AS (
  SELECT matched.run_key, coalesce(live.username, '') AS username, rule.*
  FROM matched
  JOIN live USING (run_key)
  JOIN rule USING (position)
  WHERE rule.account IS NULL OR rule.account = live.username
),
owned AS (
  -- The scholar is null if the run is nobody's in the roster.
  SELECT
    run_key, username,
    coalesce(
      arg_min(applied.scholar, position) FILTER (purpose = 'shared'),
      any_value(roster_username.scholar)) AS scholar,
    bool_or(purpose = 'excluded') AS ignored
  FROM applied
  LEFT JOIN roster_username USING (username)
  GROUP BY run_key, username
),
automated AS (
  SELECT run_key, arg_min(applied.scholar, position) AS scholar
  FROM applied
  JOIN owned USING (run_key)
  WHERE purpose = 'automation'
    AND (applied.scholar IS NULL OR owned.scholar IS NULL OR applied.scholar = owned.scholar)
  GROUP BY run_key
)
SELECT
  run_key,
  CASE
    WHEN coalesce(owned.scholar, automated.scholar) IS NOT NULL THEN 'roster'
    WHEN username = '' THEN 'nobody'
    ELSE 'username'
  END AS kind,
  coalesce(owned.scholar, automated.scholar, username) AS name,
  CASE WHEN automated.run_key IS NULL THEN 'person' ELSE 'automation' END AS actor,
  owned.ignored
FROM owned
LEFT JOIN automated USING (run_key)
