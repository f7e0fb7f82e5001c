-- title: Published weeks of groups
-- table: group_week
-- Copied from the record: these figures are never derived again.
FROM group_week
