-- title: Explanation: days
-- A row a local day of the window (with no window, from the scholar's first activity), and the part
-- of it that the data covers.
-- param: scholar | VARCHAR | whose
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
WITH edge AS (
  SELECT
    setting.timezone, max(project.as_of) AS as_of,
    (
      SELECT min(day)
      FROM day_fact
      JOIN scholar USING (scholar_key)
      WHERE scholar.scholar = $scholar::VARCHAR AND may_see($scope, scholar.scholar, NULL)
    ) AS first_day
  FROM project, setting
  GROUP BY setting.timezone
)
SELECT day::DATE AS day, covered(timezone, day, epoch_us(as_of)) AS covered
FROM (
  SELECT
    timezone, as_of,
    unnest(generate_series(
      coalesce($from_day::DATE, first_day)::TIMESTAMP,
      least(timezone(timezone, as_of)::DATE, coalesce($to_day::DATE - 1, 'infinity'::DATE))::TIMESTAMP,
      INTERVAL 1 DAY)) AS day
  FROM edge
  WHERE may_see($scope, $scholar::VARCHAR, NULL)
)
ORDER BY day
