-- title: Survival curve
-- Of observations (group_id, period_start, measure, length_us, event), a row a group, period, measure
-- and length: n in all, events up to that length, the Kaplan-Meier survival from then on, and its
-- 95 % limits on the log(-log) scale, which are undefined where survival is 0 or 1. Events come
-- before censorings of the same length.
CREATE OR REPLACE MACRO curve_of(observations) AS TABLE
-- Of a tie each event has a step of its own, one less at risk after each: multiplied out that is the
-- step of the whole tie. Were there no censorings, the product of all steps would be the share that is left;
-- each censoring takes a step of its own out of it. So only those, the few, need running sums.
WITH ranked AS MATERIALIZED (
  SELECT
    group_id, period_start, measure, length_us, event,
    count(*) OVER (PARTITION BY group_id, period_start, measure) AS n,
    row_number() OVER upward AS place,
    count(CASE WHEN NOT event THEN true END) OVER upward AS censored,
    lead(length_us) OVER upward AS next_us
  FROM query_table(observations)
  WINDOW upward AS (
    PARTITION BY group_id, period_start, measure ORDER BY length_us, event DESC
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
censoring AS (
  SELECT group_id, period_start, measure, censored, n - place + 1 AS at_risk
  FROM ranked
  WHERE NOT event
),
taken_out AS (
  SELECT
    group_id, period_start, measure, censored,
    sum(CASE WHEN at_risk > 1 THEN ln(at_risk / (at_risk - 1)) ELSE 0 END) OVER upward AS log_survival,
    sum(CASE WHEN at_risk > 1 THEN 1 / (at_risk * (at_risk - 1)) ELSE 0 END) OVER upward AS greenwood
  FROM censoring
  WINDOW upward AS (
    PARTITION BY group_id, period_start, measure ORDER BY censored
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
climbed AS (
  SELECT
    ranked.*,
    place - censored AS events,
    -- A censoring that is the last of all leaves the curve where it was.
    CASE WHEN event THEN n - place ELSE greatest(n - place, 1) END AS remaining,
    coalesce(log_survival, 0) AS log_survival,
    coalesce(greenwood, 0) AS greenwood
  FROM ranked
  LEFT JOIN taken_out USING (group_id, period_start, measure, censored)
  WHERE next_us IS DISTINCT FROM length_us
),
curve AS (
  SELECT
    group_id, period_start, measure, length_us, n, events,
    CASE WHEN events = 0 THEN 1 ELSE remaining / n * exp(log_survival) END AS survival,
    CASE WHEN remaining > 0 THEN 1 / remaining - 1 / n - greenwood END AS greenwood
  FROM climbed
)
SELECT
  group_id, period_start, measure, length_us, n, events, survival,
  CASE WHEN survival > 1e-12 AND survival < 1 THEN
    survival ** exp(1.959963984540054 * sqrt(greenwood) / abs(ln(survival))) END AS lower,
  CASE WHEN survival > 1e-12 AND survival < 1 THEN
    survival ** exp(-1.959963984540054 * sqrt(greenwood) / abs(ln(survival))) END AS upper
FROM curve
