-- title: Kaplan-Meier median
-- Of observations (group_id, period_start, measure, length_us, event), a row a group, period and
-- measure: n, events, the largest length seen, the median (smallest length with survival at most
-- one half) and its 95 % limits after Brookmeyer and Crowley, in hours. With fewer than 6 events
-- there is no median.
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
  -- Only near the middle can a curve, or a limit of it, come to one half: the rest is not looked at.
  FROM in_order('observation', 'sufficient')
  WHERE NOT event OR (
    place >= n / 2 - 2 * (sqrt(n) + 1)
    AND first_place <= n / 2 + 2 * (censorings + sqrt(n) + 1))
),
estimate AS (
  SELECT
    sample,
    -- Exactly one half is one half, whatever floating point made of it.
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
