-- title: Working hours
-- table: working_day
-- One row per scholar and day that can be a working day: its awake window, and the time before it in
-- windows of working days, Saturdays and Sundays (see the macro working_calendar).
WITH person AS (
  FROM actor SEMI JOIN scope USING (scholar_key)
)
FROM working_calendar('person', 'awake_calendar', 'day_off')
