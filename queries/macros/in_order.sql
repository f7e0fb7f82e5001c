-- title: Latencies in order
-- Takes observations and their samples (`each_sample`). One row per observation: its place in the
-- sample (shortest first, events before censorings of the same length), the first place of its tie,
-- and the length of the next observation.
CREATE OR REPLACE MACRO in_order(observations, samples) AS TABLE
SELECT
  sample, n, censorings, place, first_place,
  code & 1 = 0 AS event, code >> 1 AS length_us, next_code >> 1 AS next_us
FROM (
  -- A window sorts by every column and carries it along: with two numbers it takes half as long.
  SELECT
    sample, code,
    row_number() OVER upward AS place,
    rank() OVER upward AS first_place,
    lead(code) OVER upward AS next_code
  FROM (
    SELECT sample, length_us * 2 + (NOT event)::TINYINT AS code
    FROM query_table(observations)
    JOIN query_table(samples) USING (group_id, period_start, measure)
  )
  WINDOW upward AS (PARTITION BY sample ORDER BY code)
)
JOIN query_table(samples) USING (sample)
