-- title: How far the table of a run was complete
-- Null: the run was not read from a table, or by an earlier version.
ALTER TABLE raw_run ADD COLUMN complete_to TIMESTAMPTZ
