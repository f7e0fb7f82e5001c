-- title: Fingerprint of the people behind the derived tables
-- A change of people is reported without figures: the difference would be one person's. Null:
-- derived by an earlier version.
ALTER TABLE derived_with ADD COLUMN roster VARCHAR
