-- title: Kaplan-Meier median
-- Takes observations (group_id, period_start, measure, length_us, event). One row per group, period
-- and measure: n, events, the largest observed length, the median (the smallest length with
-- survival of at most one half) and its 95 % limits by Brookmeyer and Crowley, in hours. Fewer than
-- 6 events give no median.
CREATE OR REPLACE MACRO kaplan_meier(observations) AS TABLE
WITH observation AS MATERIALIZED (
  FROM query_table(observations)
),
sample AS MATERIALIZED (
  FROM each_sample('observation')
),
sufficient AS (
  FROM sample WHERE n - censorings >= at_least().events
),
ranked AS MATERIALIZED (
  -- A curve and its limits can only reach one half near the middle: other rows are skipped.
  FROM in_order('observation', 'sufficient')
  WHERE NOT event OR (
    place >= n / 2 - 2 * (sqrt(n) + 1)
    AND first_place <= n / 2 + 2 * (censorings + sqrt(n) + 1))
),
estimate AS (
  SELECT
    sample,
    -- Rounding errors must not move a survival of exactly one half.
    min(length_us) FILTER (hazard >= -ln(0.5 + 1e-9)) / hour_us() AS median,
    min(length_us) FILTER (hazard_high >= ln(2)) / hour_us() AS low,
    min(length_us) FILTER (hazard_low >= ln(2)) / hour_us() AS high
  FROM curve_of('ranked')
  GROUP BY sample
)
SELECT
  group_id, period_start, measure, n, n - censorings AS events, largest_us / hour_us() AS largest,
  median, low, high
FROM sample
LEFT JOIN estimate USING (sample)
