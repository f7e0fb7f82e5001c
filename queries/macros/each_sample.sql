-- title: Samples of latencies
-- Takes observations (group_id, period_start, measure, length_us, event). One row per group, period
-- and measure: its number, its observations (n), those that have not ended (censorings), and the
-- largest length.
CREATE OR REPLACE MACRO each_sample(observations) AS TABLE
SELECT
  group_id, period_start, measure,
  (row_number() OVER ())::INTEGER AS sample,
  count(*) AS n,
  count(*) FILTER (NOT event) AS censorings,
  max(length_us) AS largest_us
FROM query_table(observations)
GROUP BY ALL
