-- title: Explanation: days
-- One row per local day of the window (without a window, from the group's first activity), with the
-- part of it that the data covers.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
WITH edge AS (
  SELECT
    setting.timezone, max(project.as_of) AS as_of,
    (
      SELECT min(day)
      FROM day_fact AS fact
      JOIN acting('actor', $actor) AS scholar USING (scholar_key)
      LEFT JOIN stream USING (stream_key)
      WHERE ($by = 'stream') = (fact.stream_key <> 0)
        AND of_group(
          $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
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
  WHERE may_see_group($scope, $by, $group_id::VARCHAR, $group_id::VARCHAR, NULL)
)
ORDER BY day
