-- title: Throughput against exposure
-- One row per length of exposure: the limits within which 95 % and 99.8 % of scholars would fall if
-- all concluded experiments at the pooled rate and differed only by chance. Reads `figure`, one row
-- per scholar. The pooled rate covers everybody, so only viewers who see everything get rows.
-- param: scope | STRUCT | what the viewer may see
-- order: 13
-- metric: pooled_rate | experiments per week | Pooled rate | Concluded experiments of all scholars / all their weeks of exposure.
WITH pooled AS (
  SELECT throughput_per_week(sum(experiments_concluded), sum(weeks)) AS rate, max(weeks) AS most
  FROM figure
  WHERE experiments_started > 0
)
SELECT
  exposure_weeks,
  pooled.rate AS pooled_rate,
  greatest(0, rate - normal_95() * sqrt(rate / exposure_weeks)) AS low_95,
  rate + normal_95() * sqrt(rate / exposure_weeks) AS high_95,
  greatest(0, rate - 3.090232306167813 * sqrt(rate / exposure_weeks)) AS low_998,
  rate + 3.090232306167813 * sqrt(rate / exposure_weeks) AS high_998
FROM pooled, (SELECT unnest(range(1, 61)) * most / 60 AS exposure_weeks FROM pooled)
WHERE most > 0 AND may_see($scope, NULL, NULL)
ORDER BY exposure_weeks
