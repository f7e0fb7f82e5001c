-- title: Latencies
-- Of the tables loop, recovery and run, a row a measure and experiment (named by its first run) or run:
-- how long it took, whether that ended (event) or was only seen so far, and the day it counts for: a
-- loop where it was launched, a recovery where its failure was seen, a run where it started. Nobody
-- knows how long a run without a logged row would have taken, so that each first row counts as ended.
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
    measure::ENUM('machine', 'reaction', 'reaction_awake', 'loop', 'recovery', 'first_row') AS measure)
FROM latency
