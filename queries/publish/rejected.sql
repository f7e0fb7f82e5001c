-- title: Skipped rows
-- table: rejected
-- Rows that could not become a run, with the reason.
FROM rejected
