-- title: Explanation: charges
-- One row per session and local day of the window: the GPUs that it is charged for, the GPU-hours
-- and credits at the rate of that day, and the part in use if the run measured it. A charge is
-- allocation, not utilisation.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
WITH charge AS (
  SELECT
    gpu_charge.*, project.entity, project.project, run.run_id,
    coalesce(label.display_name, run.run_id) AS name, scholar.name AS scholar
  FROM gpu_charge
  JOIN run USING (run_key)
  JOIN run_label AS label USING (run_key)
  LEFT JOIN stream ON stream.stream_key = gpu_charge.stream_key
  JOIN actor AS scholar ON scholar.scholar_key = run.scholar_key
  JOIN project ON project.project_key = run.project_key
  WHERE of_group(
    $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
    AND ($from_day::DATE IS NULL OR gpu_charge.day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR gpu_charge.day < $to_day::DATE)
)
SELECT
  concat_ws('/', entity, project, run_id) AS run,
  name, scholar,
  charge.day,
  make_timestamptz(from_us) AS started_at,
  make_timestamptz(to_us) AS ended_at,
  (to_us - from_us) / hour_us() AS hours,
  class, failed_compute, late_failure, charge.gpu_type, gpus,
  gpu_us / hour_us() AS gpu_hours,
  used_us / hour_us() AS used_gpu_hours,
  after_decision_us / hour_us() AS after_decision_gpu_hours,
  unpriced_us / hour_us() AS unpriced_hours,
  rate.credits_per_gpu_hour,
  price_of(gpu_us, rate.credits_per_gpu_hour) AS credits
FROM charge
ASOF LEFT JOIN gpu_rate AS rate
  ON rate.gpu_type = charge.gpu_type AND rate.from_date <= charge.day
ORDER BY from_us, run, to_us, charge.gpu_type, gpus, gpu_us
