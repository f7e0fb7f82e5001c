-- title: The instants between which days lie
-- One row: the beginning of the first day and of the day after the last.
-- param: from_day | DATE | first local day
-- param: to_day | DATE | day after the last
SELECT
  make_timestamptz(begin_of_day(timezone, $from_day::DATE)) AS from_at,
  make_timestamptz(begin_of_day(timezone, $to_day::DATE)) AS known_at
FROM setting
