-- title: Runs to read again for a named key
-- One row per W&B run that was read before a setting named a key that its config has or may have.
-- Earlier versions did not store secret-like names.
-- param: entity | VARCHAR | W&B entity
-- param: project | VARCHAR | W&B project
WITH wanted AS (
  SELECT shape.config_shape, key.name
  FROM config_shape AS shape
  CROSS JOIN named_key AS key
  WHERE EXISTS (
    SELECT FROM json_array_elements_text(replace(shape.paths, '\u0000', '\ufffd')::JSON) AS place(path)
    WHERE path IN (SELECT json_array_elements_text(key.paths::JSON)))
)
SELECT DISTINCT run_id
FROM raw_run AS raw
CROSS JOIN named_key AS key
WHERE entity = $entity AND project = $project AND source = 'api' AND deleted_at IS NULL
  -- No named key has a NUL, which JSONB refuses.
  AND NOT coalesce(jsonb_exists(replace(raw.named_values, '\u0000', '\ufffd')::JSONB, key.name), false)
  AND (
    (raw.config_shape, key.name) IN (SELECT config_shape, name FROM wanted)
    OR raw.config_earlier AND key.name ~* 'token|secret|password|key|email')
ORDER BY run_id
