-- title: What is stuck
-- One row per line and reason, longest first: a result with no launch after it yet, a failed
-- experiment with no finished run since, or a run presumed dead. For each reason, only the oldest
-- case of a line and stream.
-- param: min_hours | DOUBLE | only cases that have lasted longer than this
-- param: scope | STRUCT | what the viewer may see
WITH waiting AS (
  SELECT
    scholar_key, project_key, stream_key, experiment_key, 'result waiting' AS what,
    result_us AS since_us
  FROM loop
  -- A failed experiment has one row, as not recovered.
  WHERE status = 'awaiting' AND outcome <> 'failure'
),
unrecovered AS (
  SELECT
    scholar_key, project_key, stream_key, experiment_key, 'failure not recovered' AS what,
    result_us AS since_us
  FROM recovery
  WHERE NOT recovered
),
stale AS (
  SELECT
    scholar_key, project_key, stream_key, run_key, 'stale run' AS what, end_us AS since_us
  FROM run
  WHERE class = 'stale' AND excluded IS NULL
),
oldest AS (
  SELECT
    scholar_key, project_key, stream_key, what,
    min(since_us) AS since_us,
    arg_min(experiment_key, (since_us, experiment_key)) AS run_key,
    count(*) AS n
  FROM (FROM waiting UNION ALL FROM unrecovered UNION ALL FROM stale)
  GROUP BY ALL
)
SELECT
  scholar.scholar, project.entity, project.project, stream.stream, stream.name AS stream_name,
  oldest.what, make_timestamptz(oldest.since_us) AS since_at,
  (project.as_of_us - oldest.since_us) / hour_us() AS waited_hours,
  oldest.n,
  concat_ws('/', project.entity, project.project, run.run_id) AS experiment_id,
  label.url
FROM oldest
JOIN scholar USING (scholar_key)
JOIN project USING (project_key)
JOIN run ON run.run_key = oldest.run_key
JOIN run_label AS label ON label.run_key = oldest.run_key
LEFT JOIN stream ON stream.stream_key = oldest.stream_key
WHERE scholar.attributed AND may_see($scope, scholar.scholar, stream.stream)
  AND (project.as_of_us - oldest.since_us) / hour_us() > $min_hours::DOUBLE
ORDER BY
  oldest.since_us, scholar.scholar, oldest.what, project.entity, project.project, stream.stream
