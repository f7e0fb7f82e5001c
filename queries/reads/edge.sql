-- title: The end of the data
-- One row, about nobody: to which instant the data is complete (the oldest of its projects), to which
-- the newest of them is, and the time zone of its days.
SELECT min(project.as_of) AS as_of, max(project.as_of) AS newest, any_value(setting.timezone) AS timezone
FROM setting
LEFT JOIN project ON true
