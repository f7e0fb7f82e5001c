-- title: Configs in clear text
-- Some of the rows with a config that an earlier version stored as text.
-- param: rows | BIGINT | the largest number of rows
SELECT run_key, clear_config
FROM raw_run
WHERE clear_config IS NOT NULL
LIMIT $rows
