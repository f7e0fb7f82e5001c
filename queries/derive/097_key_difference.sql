-- title: Keys that differ within a launch
-- table: key_difference | kept by scholar | published
-- One row per scholar and config key that is not ignored. It covers the scholar's newest 50
-- launches with several runs: the number of launches in which at least one run has the key, and the
-- number of these in which its values differ or a run does not have it.
WITH placed AS (
  SELECT
    link.run_key, run.scholar_key, run.start_us,
    -- A run that did not join the preceding run as part of the same launch begins a launch.
    last_value(CASE WHEN link.joined_by <> 'together' THEN link.run_key END IGNORE NULLS) OVER (
      PARTITION BY link.experiment_key ORDER BY run.start_us, run.run_id) AS launch_key
  FROM link
  SEMI JOIN (SELECT experiment_key FROM link WHERE joined_by = 'together') USING (experiment_key)
  JOIN run_base AS run USING (run_key)
  WHERE link.joined_by <> 'continuation'
),
known AS (
  SELECT placed.*, raw.config_hashes, raw.config_shape, idea.places
  FROM placed
  JOIN raw_run AS raw USING (run_key)
  JOIN config_idea AS idea ON idea.config_shape = raw.config_shape AND NOT idea.lenient
  WHERE idea.shape_hash IS NOT NULL
),
launch AS (
  SELECT launch_key, count(*) AS runs
  FROM known
  GROUP BY launch_key, scholar_key
  HAVING runs > 1
  QUALIFY row_number() OVER (PARTITION BY scholar_key ORDER BY max(start_us) DESC, launch_key) <= 50
),
launched AS (
  SELECT
    known.launch_key, known.scholar_key, launch.runs,
    list_select(shape.paths, known.places) AS paths,
    list_select(known.config_hashes, known.places) AS hashes
  FROM known
  JOIN launch USING (launch_key)
  JOIN config_shape AS shape USING (config_shape)
),
entry AS (
  SELECT launch_key, scholar_key, runs, unnest(paths) AS path, unnest(hashes) AS hash
  FROM launched
),
compared AS (
  SELECT
    scholar_key, path, launch_key,
    min(hash) <> max(hash) OR count(*) < any_value(runs) AS differs
  FROM entry
  GROUP BY scholar_key, path, launch_key
)
SELECT
  scholar_key,
  config_key(path) AS key,
  count(*) AS launches,
  count(*) FILTER (differs) AS differing
FROM compared
GROUP BY scholar_key, key
