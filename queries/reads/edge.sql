-- title: The end of the data
-- One row, about nobody: the instant up to which the data of all projects is complete (that of the
-- oldest project), the same for the newest project, and the time zone of the days.
SELECT min(project.as_of) AS as_of, max(project.as_of) AS newest, any_value(setting.timezone) AS timezone
FROM setting
LEFT JOIN project ON true
