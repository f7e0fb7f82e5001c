-- title: Latencies
-- Of the tables loop and recovery, a row an experiment and measure: how long it took, whether that
-- ended (event) or was only seen so far, and the day it counts for: a loop where it was launched, a
-- recovery where its failure was seen.
CREATE OR REPLACE MACRO latency_of(loops, recoveries) AS TABLE
WITH latency AS (
  SELECT
    experiment_key, scholar_key, stream_key, start_day AS day,
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
    experiment_key, scholar_key, stream_key, signal_day,
    'recovery', recovery_us, recovered
  FROM query_table(recoveries)
)
SELECT
  * REPLACE (measure::ENUM('machine', 'reaction', 'reaction_awake', 'loop', 'recovery') AS measure)
FROM latency
