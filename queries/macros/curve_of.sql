-- title: Survival curve
-- Of observations (group_id, period_start, measure, length_us, event), a row a group, period, measure
-- and length: how many leave there and how many of them by an event, how many were still at risk, the
-- Kaplan-Meier survival from then on, and its 95 % limits on the log(-log) scale, which are undefined
-- where survival is 0 or 1. Events come before censorings of the same length.
CREATE OR REPLACE MACRO curve_of(observations) AS TABLE
WITH at_length AS (
  SELECT
    group_id, period_start, measure, length_us,
    count(*) AS leaving, count(*) FILTER (event) AS events
  FROM query_table(observations)
  GROUP BY ALL
),
at_risk AS (
  SELECT
    *,
    (sum(leaving) OVER (
      PARTITION BY group_id, period_start, measure ORDER BY length_us DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))::BIGINT AS at_risk
  FROM at_length
),
curve AS (
  SELECT
    *,
    CASE WHEN at_risk > events
      THEN exp(coalesce(sum(ln(1 - events / nullif(at_risk, events))) OVER upward, 0))
      ELSE 0 END AS survival,
    -- Greenwood's sum; undefined once nobody is left.
    sum(events / (at_risk * nullif(at_risk - events, 0)::DOUBLE)) OVER upward AS greenwood
  FROM at_risk
  -- Lengths are distinct here, so rows are as good as a range, and twice as fast.
  WINDOW upward AS (
    PARTITION BY group_id, period_start, measure ORDER BY length_us
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
limited AS (
  SELECT
    *,
    CASE WHEN survival > 1e-12 AND survival < 1 THEN
      survival ** exp(1.959963984540054 * sqrt(greenwood) / abs(ln(survival))) END AS lower,
    CASE WHEN survival > 1e-12 AND survival < 1 THEN
      survival ** exp(-1.959963984540054 * sqrt(greenwood) / abs(ln(survival))) END AS upper
  FROM curve
)
SELECT
  group_id, period_start, measure, length_us, leaving, events, at_risk, survival, lower, upper
FROM limited
