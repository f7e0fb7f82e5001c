-- title: Experiments as they were known
-- One row per experiment of the window: its result and outcome as they were known at the end of the
-- window. Later runs are left out, and what ended later was still in flight, as was a run that sent
-- a sign of life shortly before. Changes of the runs themselves are not undone.
-- param: from_at | TIMESTAMPTZ | start of the window
-- param: known_at | TIMESTAMPTZ | end of the window
WITH edge AS (
  SELECT
    epoch_us($from_at::TIMESTAMPTZ) AS from_us,
    epoch_us($known_at::TIMESTAMPTZ) AS known_us,
    stale_us
  FROM setting
),
touched AS (
  SELECT DISTINCT experiment_key
  FROM run, edge
  WHERE excluded IS NULL AND start_us <= edge.known_us
    AND (end_us IS NULL OR end_us >= edge.from_us)
),
begun AS (
  SELECT
    run.*, project.as_of_us, edge.known_us,
    coalesce(run.open OR run.end_us > edge.known_us
      OR run.class = 'stale' AND edge.known_us - run.end_us <= edge.stale_us, true) AS in_flight
  FROM run
  SEMI JOIN touched USING (experiment_key)
  JOIN project USING (project_key), edge
  WHERE excluded IS NULL AND run.start_us <= edge.known_us
),
member AS (
  SELECT
    experiment_key, scholar_key, project_key, start_us, clock, present_us,
    least(as_of_us, known_us) AS as_of_us,
    CASE WHEN in_flight THEN least(as_of_us, known_us) ELSE end_us END AS end_us,
    CASE WHEN in_flight THEN 'running' ELSE class END AS class,
    failed_compute AND NOT in_flight AS failed_compute,
    early_failure AND NOT in_flight AS early_failure
  FROM begun
)
SELECT known.*, experiment.stream_key
FROM experiments_of('member') AS known
JOIN experiment USING (experiment_key)
