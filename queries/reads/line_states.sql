-- title: Lines and what they need
-- One row per line (scholar and project) with experiments in the window or open work: its most
-- urgent state and since when, the hours of its last ten loops, and its figures in the window. The
-- oldest unanswered result or unrecovered failure comes first.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: streams | VARCHAR[] | only experiments of these streams, null = all
-- param: scope | STRUCT | what the viewer may see
WITH seen AS (
  SELECT experiment.*, scholar.scholar, stream.stream, stream.name AS stream_name
  FROM experiment
  JOIN scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE scholar.attributed AND may_see($scope, scholar.scholar, stream.stream)
    AND ($streams::VARCHAR[] IS NULL OR list_contains($streams::VARCHAR[], stream.stream))
),
need AS (
  SELECT experiment_key, 1 AS urgency, 'result waiting' AS state, result_us AS since_us
  FROM loop WHERE status = 'awaiting' AND outcome <> 'failure'
  UNION ALL
  SELECT experiment_key, 1, 'failure not recovered', result_us
  FROM recovery WHERE NOT recovered
  UNION ALL
  SELECT experiment_key, 2, 'stale run', end_us
  FROM run WHERE class = 'stale' AND excluded IS NULL
  UNION ALL
  SELECT experiment_key, 3, 'running', start_us
  FROM experiment WHERE outcome = 'open'
),
state AS (
  SELECT
    scholar_key, project_key, stream_key,
    first.urgency, first.since_us, first.experiment_key, first.state
  FROM (
    -- If several began at the same instant, the one launched first.
    SELECT
      scholar_key, project_key, stream_key,
      min({
        urgency: urgency, since_us: since_us, start_us: start_us, state: state,
        experiment_key: experiment_key
      }) AS first
    FROM need
    JOIN seen USING (experiment_key)
    GROUP BY ALL
  )
),
past AS (
  SELECT
    scholar_key, project_key, stream_key,
    list(loop_us / hour_us() ORDER BY start_us, experiment_key) AS loops
  FROM (
    SELECT
      loop.*,
      row_number() OVER (
        PARTITION BY scholar_key, project_key, stream_key
          ORDER BY start_us DESC, experiment_key DESC) AS back
    FROM loop
    WHERE experiment_key IN (SELECT experiment_key FROM seen)
  )
  WHERE back <= 10
  GROUP BY ALL
),
windowed AS (
  SELECT
    scholar_key, project_key, stream_key,
    count(*) FILTER (
      is_concluded(outcome)
      AND ($from_day::DATE IS NULL OR result_day >= $from_day::DATE)
      AND ($to_day::DATE IS NULL OR result_day < $to_day::DATE)) AS experiments_concluded,
    count(*) FILTER (
      ($from_day::DATE IS NULL OR start_day >= $from_day::DATE)
      AND ($to_day::DATE IS NULL OR start_day < $to_day::DATE)) AS experiments_started,
    any_value(scholar) AS scholar, any_value(stream) AS stream,
    any_value(stream_name) AS stream_name
  FROM seen
  GROUP BY ALL
),
ended AS (
  SELECT
    scholar_key, project_key, stream_key,
    count(*) AS runs_ended,
    failure_share(count(*) FILTER (failed_compute), count(*)) AS failure_share
  FROM run
  WHERE excluded IS NULL AND end_day IS NOT NULL
    AND ($from_day::DATE IS NULL OR end_day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR end_day < $to_day::DATE)
  GROUP BY ALL
)
SELECT
  windowed.scholar, project.entity, project.project, windowed.stream, windowed.stream_name,
  coalesce(state.state, 'nothing open') AS state,
  (project.as_of_us - state.since_us) / hour_us() AS waited_hours,
  coalesce(past.loops, []) AS last_loops_hours,
  windowed.experiments_started, windowed.experiments_concluded,
  coalesce(ended.runs_ended, 0) AS runs_ended, ended.failure_share,
  concat_ws('/', project.entity, project.project, run.run_id) AS experiment_id,
  project.app_url || '/' || url_encode(project.entity) || '/' || url_encode(project.project)
    AS url
FROM windowed
JOIN project USING (project_key)
LEFT JOIN state
  ON state.scholar_key = windowed.scholar_key AND state.project_key = windowed.project_key
  AND state.stream_key IS NOT DISTINCT FROM windowed.stream_key
LEFT JOIN past
  ON past.scholar_key = windowed.scholar_key AND past.project_key = windowed.project_key
  AND past.stream_key IS NOT DISTINCT FROM windowed.stream_key
LEFT JOIN ended
  ON ended.scholar_key = windowed.scholar_key AND ended.project_key = windowed.project_key
  AND ended.stream_key IS NOT DISTINCT FROM windowed.stream_key
LEFT JOIN run ON run.run_key = state.experiment_key
WHERE windowed.experiments_started + windowed.experiments_concluded > 0 OR state.state IS NOT NULL
ORDER BY
  state.urgency NULLS LAST, state.since_us, windowed.scholar, project.project, project.entity,
  windowed.stream
