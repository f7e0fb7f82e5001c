-- title: Hashes in the place of text
-- Takes the text of configs out of the rows of `hashed_config`, and the unsalted hash that was made
-- of it: values can be guessed from that one. A hash that a table gave stays.
UPDATE raw_run SET
  clear_config = NULL,
  config_shape = hashed.config_shape,
  config_hashes = hashed.config_hashes,
  config_told = hashed.config_told,
  config_earlier = true,
  config_hash = CASE
    WHEN source = 'table' AND NOT regexp_full_match(config_hash, '[0-9a-f]{64}') THEN config_hash
  END
FROM hashed_config AS hashed
WHERE raw_run.run_key = hashed.run_key
