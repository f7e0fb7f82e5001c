-- title: The commit of the code
-- Null if the source does not know it, and for runs read by an earlier version.
ALTER TABLE raw_run ADD COLUMN commit VARCHAR
