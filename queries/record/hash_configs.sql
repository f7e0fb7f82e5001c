-- title: Hashes instead of text
-- Removes the config text of the rows in `hashed_config`, and the unsalted hash of that text, from
-- which values can be guessed. A hash from an imported table stays.
UPDATE raw_run SET
  clear_config = NULL,
  config_shape = hashed.config_shape,
  config_hashes = hashed.config_hashes,
  named_values = hashed.named_values,
  config_earlier = true,
  config_hash = CASE
    WHEN source = 'table' AND NOT regexp_full_match(config_hash, '[0-9a-f]{64}') THEN config_hash
  END
FROM hashed_config AS hashed
WHERE raw_run.run_key = hashed.run_key
