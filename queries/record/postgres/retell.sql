-- title: Remove a key that is not named any more
-- Replaces the named values of runs: those `before` by those `after`.
WITH changed AS (
  UPDATE raw_run SET config_told = told.after
  FROM told
  WHERE raw_run.config_told = told.before
  RETURNING run_key
)
INSERT INTO changed_run SELECT run_key FROM changed
