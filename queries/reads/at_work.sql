-- title: Who is at work at an instant
-- One row per scholar whose hours the viewer may see: the latest window of working hours that has
-- begun by an instant, the local day on which it began, and whether the instant lies within it. A
-- Saturday or Sunday counts if it is a usual working day; holidays and days away do not.
-- param: at | TIMESTAMPTZ | the instant
-- param: scope | STRUCT | what the viewer may see
WITH person AS (
  FROM scholar WHERE attributed AND may_see_hours($scope, scholar) AND may_see($scope, scholar, NULL)
),
span AS (
  -- The latest window may be before a holiday.
  SELECT $at::TIMESTAMPTZ::DATE - 40 AS from_day, $at::TIMESTAMPTZ::DATE + 2 AS to_day
),
awake AS (
  FROM awake_window('person', 'span')
),
placed AS (
  SELECT calendar.*, person.scholar, person.timezone
  FROM working_calendar('person', 'awake', 'day_off') AS calendar
  JOIN person USING (scholar_key)
  WHERE calendar.start_us <= epoch_us($at::TIMESTAMPTZ)
),
counted AS (
  SELECT placed.*
  FROM placed
  JOIN setting ON true
  ASOF LEFT JOIN working_week AS week
    ON week.scholar_key = placed.scholar_key
    AND week.week_start <= period_of('week', local_day(setting.timezone, placed.start_us))
  WHERE weekend = 0 OR weekend = 6 AND week.saturdays OR weekend = 7 AND week.sundays
  QUALIFY row_number() OVER (PARTITION BY placed.scholar_key ORDER BY placed.start_us DESC) = 1
)
SELECT
  scholar,
  local_day(timezone, start_us) AS workday,
  make_timestamptz(start_us) AS from_at,
  make_timestamptz(end_us) AS to_at,
  end_us > epoch_us($at::TIMESTAMPTZ) AS at_work
FROM counted
ORDER BY scholar
