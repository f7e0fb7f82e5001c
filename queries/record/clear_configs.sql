-- title: Configs in clear text
-- Some of the rows whose config the version before kept as text.
-- param: rows | BIGINT | how many at most
SELECT run_key, clear_config
FROM raw_run
WHERE clear_config IS NOT NULL
LIMIT $rows
