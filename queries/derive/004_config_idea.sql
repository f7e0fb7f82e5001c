-- title: The part of a config that counts
-- table: config_idea
-- One row per shape of configs, and per value of `lenient` (whether names that earlier versions did
-- not store are ignored too): the places of the values that make up the idea, and a hash of the
-- shape without ignored keys. Null if nothing remains.
WITH way AS (
  SELECT false AS lenient, getvariable('ignored_key') AS expression
  UNION ALL
  SELECT true, getvariable('ignored_or_left_out_key')
),
shape AS (
  FROM config_shape
  SEMI JOIN (
    SELECT raw.config_shape
    FROM raw_run AS raw
    JOIN run_scholar USING (run_key)
    JOIN scope USING (scholar_key)
  ) USING (config_shape)
),
leaf AS (
  SELECT
    shape.config_shape, way.lenient, entry.place, entry.path,
    regexp_matches(entry.path, way.expression) AS ignored,
    CASE WHEN ignored THEN regexp_extract(entry.path, way.expression, 1) ELSE entry.path END AS kept
  FROM way, shape, unnest(shape.paths) WITH ORDINALITY AS entry(path, place)
),
emptied AS (
  -- An object that had only ignored keys remains as an empty object.
  SELECT DISTINCT gone.config_shape, gone.lenient, gone.kept || '/{}' AS path
  FROM leaf AS gone
  WHERE gone.ignored AND gone.kept <> '' AND NOT EXISTS (
    SELECT 1 FROM leaf AS other
    WHERE other.config_shape = gone.config_shape AND other.lenient = gone.lenient
      AND starts_with(other.kept, gone.kept || '/'))
),
entry AS (
  SELECT config_shape, lenient, path, place FROM leaf WHERE NOT ignored
  UNION ALL BY NAME
  FROM emptied
)
SELECT
  config_shape, lenient,
  -- An empty object counts in the shape only.
  list(place ORDER BY place) FILTER (NOT ends_with(path, '/{}')) AS places,
  CASE WHEN places IS NOT NULL THEN hash(list(path ORDER BY path)) END AS shape_hash
FROM entry
GROUP BY config_shape, lenient
