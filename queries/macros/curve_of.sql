-- title: Survival curve
-- Takes ordered observations (`in_order`: for each sample, its censorings and the lengths of
-- interest). One row per sample and length: n in all, events up to that length, the Kaplan-Meier
-- survival from then on, its hazard (-ln of survival), and their 95 % limits on the log(-log)
-- scale, which are undefined if survival is 0 or 1.
CREATE OR REPLACE MACRO curve_of(ranked) AS TABLE
-- Each event of a tie has its own step, with one fewer at risk after it; their product is the step
-- of the whole tie. Without censorings, the product of all steps would be the share that remains.
-- Each censoring removes one step, so only the few censorings need running sums.
WITH taken_out AS (
  SELECT
    sample, place,
    row_number() OVER upward AS censored,
    sum(CASE WHEN place < n THEN ln((n - place + 1) / (n - place)) ELSE 0 END) OVER upward
      AS log_survival,
    sum(CASE WHEN place < n THEN 1 / ((n - place + 1) * (n - place)) ELSE 0 END) OVER upward
      AS greenwood
  FROM query_table(ranked)
  WHERE NOT event
  WINDOW upward AS (
    PARTITION BY sample ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
step AS (
  SELECT sample, n, censorings, place, event, length_us
  FROM query_table(ranked)
  WHERE next_us IS DISTINCT FROM length_us
),
climbed AS (
  SELECT step.*, 0 AS censored, 0.0::DOUBLE AS log_survival, 0.0::DOUBLE AS greenwood
  FROM step
  WHERE censorings = 0
  UNION ALL
  SELECT
    step.*, coalesce(censored, 0), coalesce(log_survival, 0), coalesce(greenwood, 0)
  FROM step
  ASOF LEFT JOIN taken_out
    ON taken_out.sample = step.sample AND taken_out.place <= step.place
  WHERE censorings > 0
),
curve AS (
  SELECT
    sample, length_us, n, log_survival,
    place - censored AS events,
    -- A censoring in the last place does not change the curve.
    CASE WHEN event THEN n - place ELSE greatest(n - place, 1) END AS remaining,
    CASE
      WHEN events = 0 THEN 0
      WHEN remaining > 0 THEN ln(n / remaining) - log_survival
      ELSE 'infinity'::DOUBLE
    END AS hazard,
    CASE WHEN events > 0 AND remaining > 0
      THEN normal_95() * sqrt(1 / remaining - 1 / n - greenwood) / hazard END AS reach
  FROM climbed
)
SELECT
  sample, length_us, n, events,
  CASE WHEN events = 0 THEN 1 ELSE remaining / n * exp(log_survival) END AS survival,
  hazard,
  hazard * exp(-reach) AS hazard_low,
  hazard * exp(reach) AS hazard_high,
  exp(-hazard_high) AS lower,
  exp(-hazard_low) AS upper
FROM curve
