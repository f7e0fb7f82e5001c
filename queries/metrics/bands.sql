-- title: The cohort's quartiles
-- One row per measure: the quartiles over the scholars other than one, and how many have a value. With
-- fewer than 8 others neither is told. A quartile is the mean of the three or four values around it,
-- rounded to 5 points of a share and else to 0.5, so that nobody's value can be read from it. Reads
-- `figure`, one row per scholar, of the last four whole weeks: bands of other windows would differ by
-- single days. Only for those who may see the one left out: two bands with different people left out would
-- tell them apart.
-- param: scholar | VARCHAR | whom to leave out
-- param: scope | STRUCT | what the viewer may see
-- order: 12
-- metric: p50 | as the measure | The cohort's median | Around the middle of at least 8 other scholars with a value, over the last four whole weeks; p25 and p75 bound the cohort's middle half.
WITH other AS (
  UNPIVOT (
    SELECT COLUMNS(lambda name: list_contains(compared_measures(), name))
    FROM figure
    WHERE scholar <> $scholar::VARCHAR AND experiments_started > 0
      AND may_see($scope, $scholar::VARCHAR, NULL)
  )
  ON COLUMNS(*) INTO NAME measure VALUE value
),
told AS (
  SELECT
    measure,
    CASE unit_of(measure) WHEN 'share' THEN 0.05 ELSE 0.5 END AS step,
    CASE WHEN count(*) >= at_least().others THEN list(value ORDER BY value) END AS sorted
  FROM other
  GROUP BY measure
)
SELECT
  measure,
  len(sorted) AS others,
  round(around_quantile(sorted, 0.25) / step) * step AS p25,
  round(around_quantile(sorted, 0.5) / step) * step AS p50,
  round(around_quantile(sorted, 0.75) / step) * step AS p75
FROM told
ORDER BY measure
