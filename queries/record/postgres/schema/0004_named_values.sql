-- title: A clearer name
-- As in DuckDB.
ALTER TABLE raw_run RENAME COLUMN config_told TO named_values
