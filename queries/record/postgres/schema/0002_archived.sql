-- title: Archived weeks
-- As in DuckDB. An archive is made while the record is in the data folder.

CREATE TABLE archived (week DATE NOT NULL, before TIMESTAMPTZ NOT NULL);

CREATE TABLE archived_credits (
  date DATE NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  credits DOUBLE PRECISION NOT NULL
);

-- Statistics would keep names of people outside of this table.
ALTER TABLE archived_credits ALTER kind SET STATISTICS 0, ALTER target SET STATISTICS 0
