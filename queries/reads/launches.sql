-- title: Launches by people
-- One row per run of a person that no sweep or tag joins to others, and that does not go on with a
-- pre-empted one: by which username, where and how, when by the person's clock, and whether that is
-- outside the awake window.
-- param: scope | STRUCT | what the viewer may see
WITH launch AS (
  SELECT
    run.*, scholar.scholar, scholar.in_roster, scholar.timezone,
    scholar.awake_start_min, scholar.awake_end_min,
    timezone(scholar.timezone, make_timestamptz(run.start_us)) AS local_at,
    date_part('hour', local_at) * 60 + date_part('minute', local_at) AS minutes
  FROM run
  JOIN scholar USING (scholar_key)
  WHERE run.joined_by NOT IN ('sweep', 'tag', 'continuation')
    AND may_see($scope, scholar.scholar, NULL) AND may_see_hours($scope, scholar.scholar)
)
SELECT
  launch.scholar, launch.in_roster, label.username,
  concat_ws('/', project.entity, project.project) AS project,
  coalesce(label.tags, []) AS tags,
  label.job_type,
  launch.timezone,
  launch.local_at,
  -- A window that ends on the next day begins on the day before, too.
  NOT (
    minutes BETWEEN awake_start_min AND awake_end_min - 1
    OR minutes + 1440 BETWEEN awake_start_min AND awake_end_min - 1) AS outside
FROM launch
JOIN project USING (project_key)
JOIN run_label AS label USING (run_key)
ORDER BY launch.start_us, launch.run_key
