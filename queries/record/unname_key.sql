-- title: Remove a key that is not named any more
-- Removes the key's values from all runs.
-- param: name | VARCHAR | the key
UPDATE raw_run
SET config_told = nullif(json_merge_patch(config_told, json_object($name, NULL))::VARCHAR, '{}')
WHERE json_exists(config_told, '$."' || $name || '"')
