-- title: Daily facts
-- table: day_fact | kept by scholar | published
-- All figures that can be summed: one row per scholar, stream (0: all experiments of the scholar)
-- and local day, with microseconds of activity, and counts by the day of the start, end, launch or
-- result. Peaks cannot be summed: take the largest.
WITH hours AS (
  SELECT
    scholar_key, stream_key, day,
    sum(length) FILTER (experiments > 0) AS busy_us,
    sum(length * experiments) AS experiment_us,
    sum(length * runs) AS run_us,
    sum(length) FILTER (experiments = 1) AS serial_us,
    sum(length) FILTER (experiments > 1) AS parallel_us,
    sum(length) FILTER (runs = 1) AS run_serial_us,
    max(runs) FILTER (length > 0) AS peak_runs,
    max(experiments) FILTER (length > 0) AS peak_experiments
  FROM (SELECT *, coalesce(until_us - at_us, 0) AS length FROM swept)
  GROUP BY ALL
),
scope_of_run AS (
  SELECT *, unnest([0, stream_key]) AS in_stream FROM run WHERE excluded IS NULL
),
scope_of_experiment AS (
  SELECT
    *,
    unnest([0, stream_key]) AS in_stream,
    unnest([overlapped, overlapped_in_stream]) AS in_overlap
  FROM experiment
),
started AS (
  SELECT
    scholar_key, in_stream AS stream_key, start_day AS day,
    count(*) AS runs_started,
    count(rework) AS runs_known_config,
    count(*) FILTER (rework) AS runs_rework,
    count(repeat) AS runs_known_repeat,
    count(*) FILTER (repeat) AS runs_repeated
  FROM scope_of_run
  WHERE in_stream IS NOT NULL
  GROUP BY ALL
),
ended AS (
  SELECT
    scholar_key, in_stream AS stream_key, end_day AS day,
    count(*) FILTER (class = 'finished') AS runs_finished,
    count(*) FILTER (failed_compute) AS runs_failed,
    count(*) FILTER (class = 'killed') AS runs_killed,
    count(*) FILTER (class = 'preempted') AS runs_preempted,
    count(*) FILTER (class = 'unknown') AS runs_unknown,
    count(*) FILTER (early_failure) AS early_failures
  FROM scope_of_run
  WHERE in_stream IS NOT NULL AND end_day IS NOT NULL
  GROUP BY ALL
),
launched AS (
  SELECT
    scholar_key, in_stream AS stream_key, start_day AS day,
    count(*) AS experiments_started,
    count(*) FILTER (in_overlap) AS overlapped_launches,
    count(*) FILTER (outcome = 'false_start') AS false_starts
  FROM scope_of_experiment
  WHERE in_stream IS NOT NULL
  GROUP BY ALL
),
concluded AS (
  SELECT
    scholar_key, in_stream AS stream_key, result_day AS day,
    count(*) AS experiments_concluded
  FROM scope_of_experiment
  WHERE in_stream IS NOT NULL AND is_concluded(outcome)
  GROUP BY ALL
),
fact AS (
  SELECT * FROM hours
  FULL JOIN started USING (scholar_key, stream_key, day)
  FULL JOIN ended USING (scholar_key, stream_key, day)
  FULL JOIN launched USING (scholar_key, stream_key, day)
  FULL JOIN concluded USING (scholar_key, stream_key, day)
)
SELECT
  scholar_key, stream_key, day,
  coalesce(busy_us, 0)::BIGINT AS busy_us,
  coalesce(experiment_us, 0)::BIGINT AS experiment_us,
  coalesce(run_us, 0)::BIGINT AS run_us,
  coalesce(serial_us, 0)::BIGINT AS serial_us,
  coalesce(parallel_us, 0)::BIGINT AS parallel_us,
  coalesce(run_serial_us, 0)::BIGINT AS run_serial_us,
  coalesce(peak_runs, 0)::INTEGER AS peak_runs,
  coalesce(peak_experiments, 0)::INTEGER AS peak_experiments,
  coalesce(runs_started, 0) AS runs_started,
  coalesce(runs_known_config, 0) AS runs_known_config,
  coalesce(runs_rework, 0) AS runs_rework,
  coalesce(runs_known_repeat, 0) AS runs_known_repeat,
  coalesce(runs_repeated, 0) AS runs_repeated,
  coalesce(runs_finished, 0) AS runs_finished,
  coalesce(runs_failed, 0) AS runs_failed,
  coalesce(runs_killed, 0) AS runs_killed,
  coalesce(runs_preempted, 0) AS runs_preempted,
  coalesce(runs_unknown, 0) AS runs_unknown,
  coalesce(early_failures, 0) AS early_failures,
  coalesce(experiments_started, 0) AS experiments_started,
  coalesce(overlapped_launches, 0) AS overlapped_launches,
  coalesce(false_starts, 0) AS false_starts,
  coalesce(experiments_concluded, 0) AS experiments_concluded
FROM fact
