-- title: Working hours, day by day
-- Takes people (scholar_key, timezone, awake_start_min, awake_end_min, workdays), their awake
-- windows (`awake_window`) and the table day_off. One row per scholar and day that can be a working
-- day: its window [start, end), the weekend day that it is (0: a working day in any case, 6 or 7: a
-- Saturday or Sunday, a working day only where the scholar usually launches then), and the time
-- before it in windows of each of the three.
CREATE OR REPLACE MACRO working_calendar(people, windows, days_off) AS TABLE
WITH placed AS (
  SELECT
    person.scholar_key, awake.start_us, awake.end_us,
    CASE
      WHEN person.workdays IS NULL AND isodow(awake.day) >= 6 THEN isodow(awake.day)
      ELSE 0
    END::TINYINT AS weekend
  FROM query_table(people) AS person
  JOIN query_table(windows) AS awake USING (timezone, awake_start_min, awake_end_min)
  ANTI JOIN query_table(days_off) AS off
    ON off.scholar_key = person.scholar_key AND off.day = awake.day
  WHERE person.workdays IS NULL OR contains(person.workdays, isodow(awake.day)::VARCHAR)
)
SELECT
  *,
  coalesce(sum(end_us - start_us) FILTER (weekend = 0) OVER earlier, 0)::BIGINT AS week_us,
  coalesce(sum(end_us - start_us) FILTER (weekend = 6) OVER earlier, 0)::BIGINT AS saturday_us,
  coalesce(sum(end_us - start_us) FILTER (weekend = 7) OVER earlier, 0)::BIGINT AS sunday_us
FROM placed
WINDOW earlier AS (
  PARTITION BY scholar_key ORDER BY start_us ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
