-- title: Kaplan-Meier median
-- Of observations (group_id, period_start, measure, length_us, event), a row a group, period and
-- measure: n, events, the largest length seen, the median (smallest length with survival at most
-- one half) and its 95 % limits after Brookmeyer and Crowley, in hours. With fewer than 6 events
-- there is no median.
CREATE OR REPLACE MACRO kaplan_meier(observations) AS TABLE
WITH estimate AS (
  SELECT
    group_id, period_start, measure,
    max(n) AS n,
    max(events) AS events,
    max(length_us) / 3.6e9 AS largest,
    -- Exactly one half is one half, whatever floating point made of it.
    min(length_us) FILTER (survival <= 0.5 + 1e-9) / 3.6e9 AS median,
    min(length_us) FILTER (lower <= 0.5) / 3.6e9 AS low,
    min(length_us) FILTER (upper <= 0.5) / 3.6e9 AS high
  FROM curve_of(observations)
  GROUP BY ALL
)
SELECT
  group_id, period_start, measure, n, events, largest,
  CASE WHEN events >= 6 THEN median END AS median,
  CASE WHEN events >= 6 THEN low END AS low,
  CASE WHEN events >= 6 THEN high END AS high
FROM estimate
