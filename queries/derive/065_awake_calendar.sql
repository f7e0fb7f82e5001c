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
  FROM actor SEMI JOIN scope USING (scholar_key)
)
SELECT
  *,
  coalesce(sum(end_us - start_us) OVER (
    PARTITION BY timezone, awake_start_min, awake_end_min ORDER BY start_us
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS before_us
FROM awake_window('person', 'span')
