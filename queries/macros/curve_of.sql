-- title: Survival curve
-- Of observations (group_id, period_start, measure, length_us, event), a row a group, period, measure
-- and length: n in all, events up to that length, the Kaplan-Meier survival from then on, and its
-- 95 % limits on the log(-log) scale, which are undefined where survival is 0 or 1. Events come
-- before censorings of the same length.
CREATE OR REPLACE MACRO curve_of(observations) AS TABLE
-- Of a tie each event has a step of its own, one less at risk after each: multiplied out that is the
-- step of the whole tie, and counting ties first would cost more than the steps do.
WITH ranked AS (
  SELECT
    group_id, period_start, measure, length_us, event,
    count(*) OVER (PARTITION BY group_id, period_start, measure) AS n,
    row_number() OVER (
      PARTITION BY group_id, period_start, measure ORDER BY length_us, event DESC) AS place
  FROM query_table(observations)
),
step AS (
  SELECT *, n - place + 1 AS at_risk FROM ranked
),
climbed AS (
  SELECT
    group_id, period_start, measure, length_us, n,
    -- CASE, as a FILTER makes long windows ten times as slow; and DOUBLE, as integers make them
    -- three times.
    (sum(CASE WHEN event THEN 1.0::DOUBLE ELSE 0 END) OVER upward)::BIGINT AS events,
    event AND at_risk = 1 AS nobody_left,
    sum(CASE WHEN event AND at_risk > 1 THEN ln(1 - 1 / at_risk) END) OVER upward AS log_survival,
    sum(CASE WHEN event AND at_risk > 1 THEN 1 / (at_risk * (at_risk - 1)) END) OVER upward
      AS greenwood,
    lead(length_us) OVER upward AS next_us
  FROM step
  WINDOW upward AS (
    PARTITION BY group_id, period_start, measure ORDER BY place
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
curve AS (
  SELECT
    * EXCLUDE (nobody_left, log_survival, next_us),
    CASE WHEN nobody_left THEN 0 ELSE exp(coalesce(log_survival, 0)) END AS survival
  FROM climbed
  WHERE next_us IS DISTINCT FROM length_us
)
SELECT
  group_id, period_start, measure, length_us, n, events, survival,
  CASE WHEN survival > 1e-12 AND survival < 1 THEN
    survival ** exp(1.959963984540054 * sqrt(greenwood) / abs(ln(survival))) END AS lower,
  CASE WHEN survival > 1e-12 AND survival < 1 THEN
    survival ** exp(-1.959963984540054 * sqrt(greenwood) / abs(ln(survival))) END AS upper
FROM curve
