-- title: Latencies
-- Reads the tables loop, recovery and run. One row per measure and experiment (named by its first
-- run) or run: the length, whether it ended (event) or is still going on, and its day: of the
-- launch for a loop, of the failed result for a recovery, of the start for a run. The length is not
-- known for a run without a logged row, so every known time to a first row has ended.
CREATE OR REPLACE MACRO latency_of(loops, recoveries, runs) AS TABLE
WITH latency AS (
  SELECT
    experiment_key AS run_key, scholar_key, stream_key, start_day AS day,
    'machine' AS measure, machine_us AS length_us, machine_event AS event
  FROM query_table(loops)
  UNION ALL
  SELECT
    experiment_key, scholar_key, stream_key, start_day,
    'reaction', reaction_us, closed_event
  FROM query_table(loops)
  UNION ALL
  SELECT
    experiment_key, scholar_key, stream_key, start_day,
    'reaction_awake', reaction_awake_us, closed_event
  FROM query_table(loops)
  UNION ALL
  SELECT
    experiment_key, scholar_key, stream_key, start_day,
    'reaction_working', reaction_working_us, closed_event
  FROM query_table(loops)
  UNION ALL
  SELECT
    experiment_key, scholar_key, stream_key, start_day,
    'loop', loop_us, closed_event
  FROM query_table(loops)
  UNION ALL
  SELECT
    experiment_key, scholar_key, stream_key, result_day,
    'recovery', recovery_us, recovered
  FROM query_table(recoveries)
  UNION ALL
  SELECT
    run_key, scholar_key, stream_key, start_day,
    'first_row', first_row_us, true
  FROM query_table(runs)
  WHERE excluded IS NULL
)
SELECT
  * REPLACE (
    measure::ENUM(
      'machine', 'reaction', 'reaction_awake', 'reaction_working', 'loop', 'recovery', 'first_row')
      AS measure)
FROM latency
