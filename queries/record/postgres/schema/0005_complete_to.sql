-- title: How far the table of a run was complete
-- As in DuckDB.
ALTER TABLE raw_run ADD COLUMN complete_to TIMESTAMPTZ
