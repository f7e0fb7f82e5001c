-- title: GPU types
-- One row per GPU type, most GPU-hours first: hours allocated, hours of failed compute, credits,
-- and the mean utilisation of the runs that measured it, weighted by GPU-hours.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
WITH daily AS (
  SELECT
    charge.gpu_type, charge.day,
    sum(charge.gpu_us) AS gpu_us,
    sum(charge.gpu_us) FILTER (charge.failed_compute) AS failed_us,
    sum(charge.used_us) AS used_us,
    sum(charge.gpu_us) FILTER (charge.used_us IS NOT NULL) AS measured_us
  FROM gpu_charge AS charge
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE charge.gpu_us IS NOT NULL AND may_see($scope, scholar.scholar, stream.stream)
    AND ($from_day::DATE IS NULL OR charge.day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR charge.day < $to_day::DATE)
  GROUP BY charge.gpu_type, charge.day
)
SELECT
  daily.gpu_type,
  sum(gpu_us) / hour_us() AS gpu_hours,
  coalesce(sum(failed_us), 0) / hour_us() AS gpu_hours_failed,
  sum(price_of(gpu_us, rate.credits_per_gpu_hour)) AS credits,
  gpu_utilisation(sum(used_us), sum(measured_us)) AS gpu_utilisation,
  gpu_measured_share(coalesce(sum(measured_us), 0), sum(gpu_us)) AS gpu_measured_share
FROM daily
ASOF LEFT JOIN gpu_rate AS rate
  ON rate.gpu_type = daily.gpu_type AND rate.from_date <= daily.day
GROUP BY daily.gpu_type
ORDER BY gpu_hours DESC, daily.gpu_type
