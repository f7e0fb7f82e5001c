-- title: The commit of the code
-- Null where a source does not know it, and for runs that an earlier version read.
ALTER TABLE raw_run ADD COLUMN commit VARCHAR
