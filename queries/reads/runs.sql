-- title: Runs
-- One row per run: what W&B reported, how it was interpreted, and the experiment that it joined.
-- Filtered by the local day of its start, latest first. `queue_hours` is the time from its creation
-- to its start, which is short where W&B creates a run when its process begins;
-- `scheduler_queue_hours` is the time from submission to start of its job, where a scheduler tells.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scholars | VARCHAR[] | only these scholars, null = all
-- param: projects | VARCHAR[] | only projects of these names, null = all
-- param: classes | VARCHAR[] | only runs of these classes, null = all
-- param: experiments | VARCHAR[] | only runs of these experiments, null = all
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: doubtful | BOOLEAN | only runs with a flag that is a fault
-- param: most | BIGINT | only this many, the latest; null = all
-- param: scope | STRUCT | what the viewer may see
WITH chosen AS (
  -- Choose the runs first: their details are joined only to these.
  SELECT run.run_key
  FROM run
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  JOIN project USING (project_key)
  LEFT JOIN stream USING (stream_key)
  WHERE ($from_day::DATE IS NULL OR run.start_day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR run.start_day < $to_day::DATE)
    AND ($scholars::VARCHAR[] IS NULL OR list_contains($scholars::VARCHAR[], scholar.scholar))
    AND ($projects::VARCHAR[] IS NULL OR list_contains($projects::VARCHAR[], project.project))
    AND ($classes::VARCHAR[] IS NULL OR list_contains($classes::VARCHAR[], run.class))
    AND ($experiments::VARCHAR[] IS NULL OR run.experiment_key IN (
      -- An experiment has the id of its first run.
      SELECT run_key FROM run JOIN project USING (project_key)
      WHERE list_contains(
        $experiments::VARCHAR[], concat_ws('/', project.entity, project.project, run_id))))
    AND (NOT $doubtful::BOOLEAN OR is_doubtful(run.flags))
    AND may_see($scope, scholar.scholar, stream.stream)
  ORDER BY run.start_us DESC, run.run_key
  LIMIT $most::BIGINT
)
SELECT
  scholar.scholar,
  stream.stream,
  stream.name AS stream_name,
  project.entity,
  project.project,
  run.run_id,
  label.display_name,
  label.username,
  run.state,
  run.class,
  make_timestamptz(run.start_us) AS started_at,
  run.start_source,
  make_timestamptz(run.end_us) AS ended_at,
  run.end_source,
  run.active_us / hour_us() AS active_hours,
  run.queue_us / hour_us() AS queue_hours,
  run.scheduler_queue_us / hour_us() AS scheduler_queue_hours,
  run.first_row_us / hour_us() AS first_row_hours,
  CASE WHEN run.experiment_key IS NOT NULL
    THEN concat_ws('/', project.entity, project.project, first_run.run_id) END AS experiment_id,
  experiment_name(
    first_label.group_name, first_label.sweep, first_label.display_name, first_run.run_id
  ) AS experiment_name,
  run.joined_by,
  run.excluded,
  concat_ws(' ',
    nullif(array_to_string(run.flags, ' '), ''),
    CASE WHEN scholar.actor = 'automation' THEN 'automated' END,
    CASE WHEN run.early_failure THEN 'early_failure' END,
    CASE WHEN run.rework THEN 'rework' END,
    CASE WHEN run.repeat THEN 'repeat' END,
    CASE
      WHEN NOT scholar.attributed THEN 'unattributed'
      WHEN NOT scholar.in_roster THEN 'unmapped'
    END) AS flags,
  label.group_name,
  label.sweep,
  array_to_string(label.tags, ', ') AS tags,
  run.host,
  run.gpu_type,
  run.gpu_count,
  label.gpu_utilisation,
  label.notes,
  label.source,
  label.url
FROM chosen
JOIN run USING (run_key)
JOIN run_label AS label USING (run_key)
JOIN actor AS scholar USING (scholar_key)
JOIN project USING (project_key)
LEFT JOIN stream USING (stream_key)
LEFT JOIN run AS first_run ON first_run.run_key = run.experiment_key
LEFT JOIN run_label AS first_label ON first_label.run_key = run.experiment_key
ORDER BY run.start_us DESC, run.run_key
