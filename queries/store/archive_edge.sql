-- title: What can be archived
-- One row: the week from which on runs are kept already, the last local day of the data, and the
-- last Monday whose weeks before it are over for 48 hours and so published, and when a week begins.
-- param: week | DATE | a Monday
SELECT
  (SELECT max(week) FROM archived) AS kept_from,
  last_day,
  (date_trunc('week', local_day(timezone, as_of_us - 2 * 86400000000)))::DATE AS latest,
  begin_of_day(timezone, $week::DATE) AS begins_us
FROM (
  SELECT
    any_value(timezone) AS timezone, epoch_us(max(as_of)) AS as_of_us,
    local_day(any_value(timezone), epoch_us(max(as_of))) AS last_day
  FROM project, setting
)
