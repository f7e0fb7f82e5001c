-- title: Samples of latencies
-- Of observations (group_id, period_start, measure, length_us, event), a row a group, period and measure:
-- its number, how many observations it has (n), how many of them have not ended (censorings), and the
-- largest.
CREATE OR REPLACE MACRO each_sample(observations) AS TABLE
SELECT
  group_id, period_start, measure,
  (row_number() OVER ())::INTEGER AS sample,
  count(*) AS n,
  count(*) FILTER (NOT event) AS censorings,
  max(length_us) AS largest_us
FROM query_table(observations)
GROUP BY ALL
