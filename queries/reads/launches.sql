-- title: Launches by people
-- One row per experiment that a person launched: by which username, where and how, when by the
-- person's clock, and whether that is outside the awake window.
-- param: scope | STRUCT | what the viewer may see
SELECT
  scholar.scholar, scholar.in_roster, label.username,
  concat_ws('/', project.entity, project.project) AS project,
  coalesce(label.tags, []) AS tags,
  label.job_type,
  scholar.timezone,
  timezone(scholar.timezone, make_timestamptz(experiment.start_us)) AS local_at,
  -- A window that ends on the next day begins on the day before, too.
  NOT (
    minutes BETWEEN scholar.awake_start_min AND scholar.awake_end_min - 1
    OR minutes + 1440 BETWEEN scholar.awake_start_min AND scholar.awake_end_min - 1) AS outside
FROM experiment
JOIN scholar USING (scholar_key)
JOIN project USING (project_key)
JOIN run_label AS label ON label.run_key = experiment.experiment_key,
LATERAL (
  SELECT date_part('hour', local_at) * 60 + date_part('minute', local_at) AS minutes
  FROM (SELECT timezone(scholar.timezone, make_timestamptz(experiment.start_us)) AS local_at)
)
WHERE may_see($scope, scholar.scholar, NULL) AND may_see_hours($scope, scholar.scholar)
ORDER BY experiment.start_us, experiment.experiment_key
