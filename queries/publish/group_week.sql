-- title: Published weeks of groups
-- table: group_week
-- As the record keeps them: nothing here is derived again.
FROM group_week
