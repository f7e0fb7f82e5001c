-- title: Explanation: charges of the last days
-- One row per run and local day with charges in the 14 days up to the end of the data (days = 14)
-- and in the 7 days up to it (days = 7), in credits at the rate of that day.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
WITH charge AS (
  SELECT
    concat_ws('/', project.entity, project.project, run.run_id) AS run,
    coalesce(label.display_name, run.run_id) AS name, scholar.name AS scholar,
    recent.days, recent.day, recent.gpu_type, sum(recent.gpu_us) AS gpu_us
  FROM recent_charge AS recent
  JOIN run USING (run_key)
  JOIN run_label AS label USING (run_key)
  LEFT JOIN stream ON stream.stream_key = recent.stream_key
  JOIN actor AS scholar ON scholar.scholar_key = run.scholar_key
  JOIN project ON project.project_key = run.project_key
  WHERE of_group(
    $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
    AND ($from_day::DATE IS NULL OR recent.day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR recent.day < $to_day::DATE)
  GROUP BY ALL
)
SELECT run, name, scholar, charge.days, charge.day, price_of(gpu_us, rate.credits_per_gpu_hour) AS credits
FROM charge
ASOF LEFT JOIN gpu_rate AS rate
  ON rate.gpu_type = charge.gpu_type AND rate.from_date <= charge.day
ORDER BY charge.day, run, charge.days, charge.gpu_type
