-- title: Kaplan-Meier median
-- Of observations (group_id, period_start, measure, length_us, event), a row a group, period and
-- measure: n, events, the largest length seen, the median (smallest length with survival at most
-- one half) and its 95 % limits after Brookmeyer and Crowley on the log(-log) scale, in hours.
-- Events come before censorings of the same length. With fewer than 6 events there is no median.
CREATE OR REPLACE MACRO kaplan_meier(observations) AS TABLE
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
),
estimate AS (
  SELECT
    group_id, period_start, measure,
    sum(leaving)::BIGINT AS n,
    sum(events)::BIGINT AS events,
    max(length_us) / 3.6e9 AS largest,
    -- Exactly one half is one half, whatever floating point made of it.
    min(length_us) FILTER (survival <= 0.5 + 1e-9) / 3.6e9 AS median,
    min(length_us) FILTER (lower <= 0.5) / 3.6e9 AS low,
    min(length_us) FILTER (upper <= 0.5) / 3.6e9 AS high
  FROM limited
  GROUP BY ALL
)
SELECT
  group_id, period_start, measure, n, events, largest,
  CASE WHEN events >= 6 THEN median END AS median,
  CASE WHEN events >= 6 THEN low END AS low,
  CASE WHEN events >= 6 THEN high END AS high
FROM estimate
