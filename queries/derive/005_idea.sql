-- title: Ideas
-- table: idea
-- One row per run, with two hashes. The first is equal for runs with the same idea, which is the
-- config without ignored keys; null if nothing remains of it, or if no config is known. The second
-- is equal for runs with the same whole config (including seeds) and the same commit; null if
-- either is not known.
WITH known AS (
  SELECT
    raw.run_key, number.scholar_key, raw.entity, raw.project, raw.config_earlier,
    CASE
      WHEN raw.config_hash IS NOT NULL THEN hash(raw.config_hash)
      WHEN strict.shape_hash IS NOT NULL
        THEN hash(strict.shape_hash, list_select(raw.config_hashes, strict.places))
    END AS strict_idea,
    CASE WHEN raw.config_hash IS NULL AND lenient.shape_hash IS NOT NULL
      THEN hash(lenient.shape_hash, list_select(raw.config_hashes, lenient.places))
    END AS lenient_idea,
    CASE WHEN len(raw.config_hashes) > 0 AND raw.commit IS NOT NULL
      THEN hash(raw.config_shape, raw.config_hashes, raw.commit) END AS full_hash
  FROM raw_run AS raw
  JOIN run_scholar AS number USING (run_key)
  JOIN scope USING (scholar_key)
  LEFT JOIN (FROM config_idea WHERE NOT lenient) AS strict
    ON strict.config_shape = raw.config_shape
  LEFT JOIN (FROM config_idea WHERE lenient) AS lenient
    ON lenient.config_shape = raw.config_shape
  WHERE raw.deleted_at IS NULL
),
earlier AS (
  -- Earlier versions stored no secret-like keys, so comparisons with runs that they read ignore
  -- these keys. All runs that equal one of them without these keys therefore have one idea.
  SELECT DISTINCT scholar_key, entity, project, lenient_idea
  FROM known
  WHERE config_earlier AND lenient_idea IS NOT NULL
)
SELECT
  known.run_key, coalesce(earlier.lenient_idea, known.strict_idea) AS config_hash, known.full_hash
FROM known
LEFT JOIN earlier USING (scholar_key, entity, project, lenient_idea)
