-- title: Explanation: gaps between launches
-- One row per pair of successive launches of a line inside the window, at most 5 days apart: the
-- hours between them, and the awake hours among these, which only the scholar may see.
-- param: by | VARCHAR | scholar: other groups have no lines
-- param: group_id | VARCHAR | id of the scholar
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
SELECT
  concat_ws('/', project.entity, project.project) AS line,
  gap.previous_day AS from_day,
  gap.start_day AS to_day,
  gap.gap_us / hour_us() AS hours,
  gap.gap_awake_us / hour_us() AS awake_hours
FROM launch_gap AS gap
JOIN acting('actor', $actor) AS scholar USING (scholar_key)
JOIN project USING (project_key)
WHERE of_group($by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, NULL)
  AND may_see_hours($scope, scholar.scholar)
  AND ($from_day::DATE IS NULL OR gap.previous_day >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR gap.start_day < $to_day::DATE)
ORDER BY ALL
