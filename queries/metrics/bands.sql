-- title: The cohort's quartiles
-- One row per measure: the quartiles over all scholars except one, and how many of them have a
-- value. With fewer than 8 others there are no quartiles. A quartile is the mean of the three or
-- four values around it, rounded to 5 points for shares and to 0.5 otherwise, so that it reveals
-- nobody's value. Reads `figure`, one row per scholar for the last four whole weeks: other windows
-- could be compared to isolate single days. Comparing bands that exclude different scholars would
-- reveal the scholars' values, so only three kinds of viewers get rows: the excluded scholar, those
-- who see nobody else, and those who see everybody. Scholars whom the viewer sees by name are not in
-- the bands, unless the viewer sees everybody.
-- param: scholar | VARCHAR | the scholar to exclude
-- param: scope | STRUCT | what the viewer may see
-- order: 12
-- metric: p50 | as the measure | The cohort's median | The approximate median of at least 8 other scholars with a value, over the last four whole weeks; p25 and p75 bound the middle half of the cohort.
WITH other AS (
  UNPIVOT (
    SELECT COLUMNS(lambda name: list_contains(compared_measures(), name))
    FROM figure
    WHERE scholar <> $scholar::VARCHAR AND experiments_started > 0
      AND may_see($scope, $scholar::VARCHAR, NULL)
      AND (as_viewer($scope).everything
        OR (may_see_hours($scope, $scholar::VARCHAR)
            OR as_viewer($scope).scholars = [$scholar::VARCHAR])
          AND NOT list_contains(as_viewer($scope).scholars, scholar))
  )
  ON COLUMNS(*) INTO NAME measure VALUE value
),
listed AS (
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
FROM listed
ORDER BY measure
