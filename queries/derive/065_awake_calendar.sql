-- title: Awake windows
-- table: awake_calendar
-- One row per day and distinct (time zone, awake window): its window [start, end), and the total
-- awake time before it. The calendar extends from before the first start to five days after as_of.
WITH span AS (
  SELECT
    make_timestamptz(min(start_us))::DATE - 3 AS from_day,
    make_timestamptz(max(as_of_us))::DATE + 8 AS to_day
  FROM run_base
  WHERE excluded IS NULL
),
person AS (
  SELECT DISTINCT timezone, awake_start_min, awake_end_min
  FROM actor
  JOIN scope USING (scholar_key)
),
local_window AS (
  SELECT
    person.*,
    day + to_minutes(awake_start_min) AS opens,
    -- After 24:00 if the window ends on the next day.
    day + to_minutes(awake_end_min) AS closes
  FROM person, (
    SELECT unnest(generate_series(from_day::TIMESTAMP, to_day::TIMESTAMP, INTERVAL 1 DAY)) AS day
    FROM span
  )
),
resolved AS (
  SELECT
    timezone, awake_start_min, awake_end_min,
    epoch_us(timezone(timezone, opens)) AS start_us,
    epoch_us(timezone(timezone, closes)) AS end_us
  FROM local_window
),
instant AS (
  -- A time that the clocks skip moves forward: a start beyond the end of its own window, or an end
  -- beyond the start of the next one.
  SELECT
    * REPLACE (greatest(start_us, least(end_us, coalesce(lead(start_us) OVER (
      PARTITION BY timezone, awake_start_min, awake_end_min ORDER BY start_us), end_us))) AS end_us)
  FROM resolved
)
SELECT
  *,
  coalesce(sum(end_us - start_us) OVER (
    PARTITION BY timezone, awake_start_min, awake_end_min ORDER BY start_us
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS before_us
FROM instant
