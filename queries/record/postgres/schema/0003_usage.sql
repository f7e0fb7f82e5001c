-- title: What evaluations used
-- As in DuckDB.
ALTER TABLE raw_run ADD COLUMN usage TEXT, ADD COLUMN attempt_of TEXT;

-- Statistics would keep texts outside of this table.
ALTER TABLE raw_run ALTER usage SET STATISTICS 0, ALTER attempt_of SET STATISTICS 0
