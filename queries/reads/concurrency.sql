-- title: Runs and experiments in flight over time
-- One row per stretch in which the scholar had a run in flight, cut to the window. Only the scholar
-- can see it.
-- param: scholar | VARCHAR | id of the scholar
-- param: scope | STRUCT | what the viewer may see
-- param: from_at | TIMESTAMPTZ | start of the window
-- param: to_at | TIMESTAMPTZ | end of the window
SELECT
  make_timestamptz(greatest(start_us, epoch_us($from_at::TIMESTAMPTZ))) AS start_at,
  make_timestamptz(least(end_us, epoch_us($to_at::TIMESTAMPTZ))) AS end_at,
  experiments, runs
FROM concurrency
JOIN scholar USING (scholar_key)
WHERE scholar.scholar = $scholar::VARCHAR AND may_see($scope, scholar.scholar, NULL)
  AND may_see_hours($scope, scholar.scholar)
  AND start_us < epoch_us($to_at::TIMESTAMPTZ) AND end_us > epoch_us($from_at::TIMESTAMPTZ)
ORDER BY start_us
