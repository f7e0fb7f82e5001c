-- title: Launches by day of the week
-- One row per scholar and day of the week (1: Monday) that counts as a working day in any case, with
-- the experiments launched on it, by the scholar's clock. Only the scholar can see them.
-- param: scholar | VARCHAR | only this scholar, null = all
-- param: scope | STRUCT | what the viewer may see
SELECT
  scholar.scholar,
  day.weekday::INTEGER AS weekday,
  count(experiment.experiment_key) AS launches
FROM scholar
CROSS JOIN range(1, 8) AS day(weekday)
LEFT JOIN experiment
  ON experiment.scholar_key = scholar.scholar_key
  AND isodow(local_day(scholar.timezone, experiment.start_us)) = day.weekday
WHERE ($scholar::VARCHAR IS NULL OR scholar.scholar = $scholar::VARCHAR)
  AND contains(coalesce(scholar.workdays, '12345'), day.weekday::VARCHAR)
  AND may_see($scope, scholar.scholar, NULL) AND may_see_hours($scope, scholar.scholar)
GROUP BY scholar.scholar, day.weekday
ORDER BY scholar.scholar, day.weekday
