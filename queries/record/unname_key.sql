-- title: Remove a key that is not named any more
-- Removes the key's values from all runs.
-- param: name | VARCHAR | the key
UPDATE raw_run
SET named_values = nullif(json_merge_patch(named_values, json_object($name, NULL))::VARCHAR, '{}')
WHERE json_exists(named_values, '$."' || $name || '"')
