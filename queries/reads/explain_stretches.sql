-- title: Explanation: stretches
-- A row a stretch inside the window in which the same number of experiments and of runs was in flight.
-- param: scholar | VARCHAR | whose
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
WITH inside AS (
  SELECT
    concurrency.*,
    clipped(setting.timezone, start_us, end_us, $from_day::DATE, $to_day::DATE) AS inside_us
  FROM concurrency
  JOIN scholar USING (scholar_key),
  setting
  WHERE scholar.scholar = $scholar::VARCHAR AND may_see($scope, scholar.scholar, NULL)
)
SELECT
  make_timestamptz(start_us) AS started_at,
  make_timestamptz(end_us) AS ended_at,
  experiments, runs,
  inside_us / 3.6e9 AS hours_inside
FROM inside
WHERE inside_us > 0
ORDER BY start_us
