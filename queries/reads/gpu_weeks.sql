-- title: GPU-hours by week and stream
-- One row per week and stream, streams in roster order; stream is null for GPU-hours outside all
-- streams.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
SELECT
  period_of('week', charge.day) AS week_start,
  stream.stream, stream.name AS stream_name,
  sum(charge.gpu_us) / hour_us() AS gpu_hours
FROM gpu_charge AS charge
JOIN actor AS scholar USING (scholar_key)
LEFT JOIN stream USING (stream_key)
WHERE charge.gpu_us IS NOT NULL AND may_see($scope, scholar.scholar, stream.stream)
  AND ($from_day::DATE IS NULL OR charge.day >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR charge.day < $to_day::DATE)
GROUP BY week_start, stream.stream_key, stream.stream, stream.name
ORDER BY week_start, stream.stream_key NULLS LAST
