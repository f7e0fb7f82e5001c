-- title: Publish weeks of groups
-- Adds the whole weeks of `group_week_made`, except those already here: a published week never
-- changes.
INSERT INTO group_week BY NAME
FROM group_week_made
WHERE week_start NOT IN (SELECT week_start FROM group_week)
