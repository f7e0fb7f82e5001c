-- title: Awake windows, day by day
-- Takes people (timezone, awake_start_min, awake_end_min) and a span (from_day, to_day). One row per
-- day and distinct (time zone, awake window): the window [start, end) that begins on that day.
CREATE OR REPLACE MACRO awake_window(people, span) AS TABLE
WITH person AS (
  SELECT DISTINCT timezone, awake_start_min, awake_end_min FROM query_table(people)
),
local_window AS (
  SELECT
    person.*,
    day,
    day + to_minutes(awake_start_min) AS opens,
    -- After 24:00 if the window ends on the next day.
    day + to_minutes(awake_end_min) AS closes
  FROM person, (
    SELECT unnest(generate_series(from_day::TIMESTAMP, to_day::TIMESTAMP, INTERVAL 1 DAY)) AS day
    FROM query_table(span)
  )
),
resolved AS (
  SELECT
    timezone, awake_start_min, awake_end_min, day::DATE AS day,
    epoch_us(timezone(timezone, opens)) AS start_us,
    epoch_us(timezone(timezone, closes)) AS end_us
  FROM local_window
)
-- A time that the clocks skip moves forward: a start beyond the end of its own window, or an end
-- beyond the start of the next one.
SELECT
  * REPLACE (greatest(start_us, least(end_us, coalesce(lead(start_us) OVER (
    PARTITION BY timezone, awake_start_min, awake_end_min ORDER BY start_us), end_us))) AS end_us)
FROM resolved
