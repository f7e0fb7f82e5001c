-- title: Runs to read again for a named key
-- One row per W&B run that was read before a setting named a key that its config has or may have.
-- Earlier versions did not store secret-like names.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
WITH wanted AS (
  SELECT shape.config_shape, key.name
  FROM config_shape AS shape
  JOIN named_key AS key ON list_has_any(shape.paths, key.paths)
)
SELECT DISTINCT run_id
FROM raw_run AS raw, named_key AS key
WHERE entity = $entity AND project = $project AND source = 'api' AND deleted_at IS NULL
  AND NOT coalesce(json_exists(raw.named_values, '$."' || key.name || '"'), false)
  AND (
    (raw.config_shape, key.name) IN (SELECT (config_shape, name) FROM wanted)
    OR raw.config_earlier AND regexp_matches(key.name, '(?i)token|secret|password|key|email'))
ORDER BY run_id
