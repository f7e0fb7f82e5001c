-- title: Awake time up to an instant
-- table: awake_at
-- One row per scholar and instant at which a span to measure begins or ends: the scholar's awake
-- time since the start of the calendar. Only differences are meaningful.
WITH instant AS (
  SELECT scholar_key, unnest([result_us, reaction_end_us]) AS at_us
  FROM loop_core
  WHERE result_us IS NOT NULL
  UNION
  SELECT scholar_key, start_us
  FROM launch
),
of_person AS (
  SELECT instant.*, actor.timezone, actor.awake_start_min, actor.awake_end_min
  FROM instant
  JOIN actor USING (scholar_key)
)
SELECT
  instant.scholar_key, instant.at_us,
  calendar.before_us + least(instant.at_us, calendar.end_us) - calendar.start_us AS awake_us
FROM of_person AS instant
ASOF LEFT JOIN awake_calendar AS calendar
  ON calendar.timezone = instant.timezone
  AND calendar.awake_start_min = instant.awake_start_min
  AND calendar.awake_end_min = instant.awake_end_min
  AND calendar.start_us <= instant.at_us
