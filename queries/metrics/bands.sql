-- title: The cohort's quartiles
-- One row per measure: the quartiles over the scholars other than one, and how many have a value. With
-- fewer than 8 others there are none. Reads `figure`, a row a scholar, of the window. Only for those
-- who may see the one left out: two bands with different people left out would tell them apart.
-- param: scholar | VARCHAR | whom to leave out
-- param: scope | STRUCT | what the viewer may see
-- order: 12
-- metric: p50 | as the measure | The cohort's median | Median over at least 8 other scholars with a value; p25 and p75 bound the cohort's middle half.
WITH other AS (
  UNPIVOT (
    SELECT COLUMNS(lambda name: list_contains(compared_measures(), name))
    FROM figure
    WHERE scholar <> $scholar::VARCHAR AND experiments_started > 0
      AND may_see($scope, $scholar::VARCHAR, NULL)
  )
  ON COLUMNS(*) INTO NAME measure VALUE value
)
SELECT
  measure, count(*) AS others,
  CASE WHEN count(*) >= 8 THEN quantile_cont(value, 0.25) END AS p25,
  CASE WHEN count(*) >= 8 THEN quantile_cont(value, 0.5) END AS p50,
  CASE WHEN count(*) >= 8 THEN quantile_cont(value, 0.75) END AS p75
FROM other
GROUP BY measure
ORDER BY measure
