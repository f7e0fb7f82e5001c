-- title: Explanation: stretches
-- One row per stretch of the window in which a scholar had a constant number of experiments and
-- runs in flight. A stream counts only its own experiments and their runs.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
WITH own AS (
  SELECT experiment_key FROM experiment JOIN stream USING (stream_key)
  WHERE $by = 'stream' AND stream.stream = $group_id::VARCHAR
),
edge AS (
  SELECT scholar_key, at_us, sum(experiments) AS experiments, sum(runs) AS runs
  FROM (
    SELECT
      scholar_key,
      unnest([start_us, end_us]) AS at_us, unnest([1, -1]) AS experiments, 0 AS runs
    FROM segment
    SEMI JOIN own USING (experiment_key)
    UNION ALL
    SELECT session.scholar_key, unnest([session.start_us, session.end_us]), 0, unnest([1, -1])
    FROM session
    JOIN run USING (run_key)
    SEMI JOIN own USING (experiment_key)
    WHERE session.end_us > session.start_us
  )
  GROUP BY scholar_key, at_us
),
stretch AS (
  SELECT scholar_key, start_us, end_us, experiments, runs FROM concurrency WHERE $by <> 'stream'
  UNION ALL
  SELECT
    scholar_key, at_us, lead(at_us) OVER upward,
    (sum(experiments) OVER upward)::INTEGER, (sum(runs) OVER upward)::INTEGER
  FROM edge
  WINDOW upward AS (PARTITION BY scholar_key ORDER BY at_us)
),
inside AS (
  SELECT
    stretch.*, scholar.name AS scholar,
    clipped(start_us, end_us, from_us, to_us) AS inside_us
  FROM stretch
  JOIN acting('actor', $actor) AS scholar USING (scholar_key),
  bounds_of('setting', $from_day::DATE, $to_day::DATE) AS bound
  WHERE experiments > 0 AND of_group(
    $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, $group_id::VARCHAR)
)
SELECT
  scholar,
  make_timestamptz(start_us) AS started_at,
  make_timestamptz(end_us) AS ended_at,
  experiments, runs,
  inside_us / hour_us() AS hours_inside
FROM inside
WHERE inside_us > 0
ORDER BY scholar_key, start_us
