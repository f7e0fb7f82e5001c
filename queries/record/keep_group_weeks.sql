-- title: Publish weeks of groups
-- Adds the weeks of `group_week_made`, whole, unless they are here: what was published once stays.
INSERT INTO group_week BY NAME
FROM group_week_made
WHERE week_start NOT IN (SELECT week_start FROM group_week)
