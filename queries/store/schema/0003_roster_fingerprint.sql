-- title: Which people the derived tables were made with
-- A change of theirs is told without figures: before less after would be one person's. Null: an earlier
-- version did not say.
ALTER TABLE derived_with ADD COLUMN roster VARCHAR
