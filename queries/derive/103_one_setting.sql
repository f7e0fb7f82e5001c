-- title: One setting at a time
-- table: one_setting | kept by scholar | published
-- Three or more experiments of a line, each launched after the result of the one before, that
-- changed one and the same config key, or none (seeds): they could have been launched together. At
-- least half of their launches were ready. A key counts if it changed at least twice; repeats with
-- the same config may be in between. One row per experiment: the first of them (`head_key`), the
-- key (null: none), and whether its launch was ready (null for the first). False starts in between
-- are left out.
WITH idea AS (
  -- Experiments whose runs have one known config among them.
  SELECT link.experiment_key, min(run.run_key) AS run_key, min(run.config_hash) AS config_hash
  FROM link
  JOIN run_base AS run USING (run_key)
  WHERE run.config_hash IS NOT NULL
  GROUP BY link.experiment_key
  HAVING min(run.config_hash) = max(run.config_hash)
),
step AS (
  SELECT
    loop.experiment_key, loop.scholar_key, loop.project_key, loop.result_us, loop.start_us,
    idea.config_hash, idea.run_key,
    row_number() OVER line AS place,
    lag(loop.experiment_key) OVER line AS before_key,
    lag(loop.status) OVER line AS before_status,
    lag(loop.result_us) OVER line AS before_result_us,
    lag(loop.next_us) OVER line AS before_next_us,
    lag(idea.config_hash) OVER line AS before_hash,
    lag(idea.run_key) OVER line AS before_run_key
  FROM loop
  JOIN run_base AS run ON run.run_key = loop.experiment_key
  LEFT JOIN idea ON idea.experiment_key = loop.experiment_key
  WINDOW line AS (
    PARTITION BY loop.scholar_key, loop.project_key ORDER BY loop.start_us, run.run_id)
),
pair AS (
  SELECT
    *,
    before_status = 'closed' AND before_result_us <= start_us AND result_us IS NOT NULL
      AND config_hash IS NOT NULL AND before_hash IS NOT NULL AS linked
  FROM step
),
counting AS (
  -- The keys of a shape that count, and where their hashes are.
  SELECT shape.config_shape, shape.paths, part.places
  FROM config_idea AS part
  JOIN config_shape AS shape USING (config_shape)
  WHERE NOT part.lenient AND part.shape_hash IS NOT NULL
),
compared AS (
  -- Both configs must be known.
  SELECT
    pair.experiment_key, was.config_shape = raw.config_shape AS alike,
    own.paths, own.places, raw.config_hashes AS hashes,
    former.paths AS former_paths, former.places AS former_places,
    was.config_hashes AS former_hashes
  FROM pair
  JOIN raw_run AS was ON was.run_key = pair.before_run_key
  JOIN raw_run AS raw ON raw.run_key = pair.run_key
  JOIN counting AS former ON former.config_shape = was.config_shape
  JOIN counting AS own ON own.config_shape = raw.config_shape
  WHERE linked AND pair.config_hash <> pair.before_hash
),
in_place AS (
  -- Most configs have the shape of the one before: their keys need no rows.
  SELECT
    experiment_key, paths,
    list_filter(places, lambda place: hashes[place] <> former_hashes[place]) AS differing
  FROM compared
  WHERE alike
),
leaf AS (
  SELECT
    experiment_key, unnest(list_select(paths, places)) AS path,
    unnest(list_select(hashes, places)) AS hash
  FROM compared
  WHERE NOT alike
  UNION ALL
  SELECT
    experiment_key, unnest(list_select(former_paths, former_places)),
    unnest(list_select(former_hashes, former_places))
  FROM compared
  WHERE NOT alike
),
changed AS (
  SELECT experiment_key, paths[differing[1]] AS path
  FROM in_place
  WHERE len(differing) = 1
  UNION ALL
  SELECT experiment_key, any_value(path) FILTER (differs)
  FROM (
    SELECT experiment_key, path, min(hash) <> max(hash) OR count(*) = 1 AS differs
    FROM leaf
    GROUP BY ALL
  )
  GROUP BY experiment_key
  HAVING count(*) FILTER (differs) = 1
),
marked AS (
  -- The one key that changed, '' if none did, null if several did or if it is not known.
  SELECT
    pair.*,
    CASE
      WHEN NOT coalesce(linked, false) THEN NULL
      WHEN config_hash = before_hash THEN ''
      ELSE changed.path
    END AS path
  FROM pair
  LEFT JOIN changed USING (experiment_key)
),
blocked AS (
  SELECT
    *,
    count(*) FILTER (path IS NULL) OVER (
      PARTITION BY scholar_key, project_key ORDER BY place) AS block
  FROM marked
),
joined AS (
  -- A repeat belongs to the key that changed before it, or else after it.
  SELECT
    *,
    coalesce(
      last_value(nullif(path, '') IGNORE NULLS) OVER (
        whole ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
      first_value(nullif(path, '') IGNORE NULLS) OVER (
        whole ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING),
      '') AS with_key
  FROM blocked
  WHERE path IS NOT NULL
  WINDOW whole AS (PARTITION BY scholar_key, project_key, block ORDER BY place)
),
run_of_key AS (
  SELECT
    *,
    place - row_number() OVER (
      PARTITION BY scholar_key, project_key, block, with_key ORDER BY place) AS stretch
  FROM joined
),
counted AS (
  SELECT
    *,
    count(*) FILTER (path <> '') OVER (
      PARTITION BY scholar_key, project_key, block, with_key, stretch) AS changes
  FROM run_of_key
),
settled AS (
  -- A key that changed only once is no sweep; the repeats beside it may be.
  SELECT
    * EXCLUDE (with_key, stretch),
    CASE WHEN changes >= 2 THEN with_key ELSE '' END AS key_path,
    place - row_number() OVER (
      PARTITION BY scholar_key, project_key, block, CASE WHEN changes >= 2 THEN with_key ELSE '' END
      ORDER BY place) AS stretch
  FROM counted
  WHERE changes >= 2 OR path = ''
),
ready_launch AS (
  SELECT DISTINCT core.scholar_key, core.project_key, core.start_us
  FROM follower
  JOIN experiment_core AS core USING (experiment_key)
  WHERE follower.before_key IS NOT NULL
),
sequence AS (
  SELECT
    settled.scholar_key, settled.project_key, settled.key_path,
    arg_min(before_key, place) AS head_key,
    list({'key': experiment_key, 'ready': ready.start_us IS NOT NULL} ORDER BY place) AS launches
  FROM settled
  LEFT JOIN ready_launch AS ready
    ON ready.scholar_key = settled.scholar_key AND ready.project_key = settled.project_key
    AND ready.start_us = settled.before_next_us
  GROUP BY settled.scholar_key, settled.project_key, block, key_path, stretch
  HAVING count(*) >= 2 AND 2 * count(ready.start_us) >= count(*)
)
SELECT
  head_key,
  launch.key AS experiment_key,
  scholar_key, project_key,
  CASE WHEN key_path <> '' THEN config_key(key_path) END AS key,
  launch.ready
FROM (
  SELECT *, unnest([{'key': head_key, 'ready': NULL::BOOLEAN}] || launches) AS launch FROM sequence
)
