-- title: Latencies
-- Of the tables loop and recovery, a row an experiment and measure: how long it took, whether that
-- ended (event) or was only seen so far, and the day it counts for: a loop where it was launched, a
-- recovery where its failure was seen.
CREATE OR REPLACE MACRO latency_of(loops, recoveries) AS TABLE
SELECT
  experiment_key, scholar_key, stream_key, start_day AS day,
  unnest(['machine', 'reaction', 'reaction_awake', 'loop']) AS measure,
  unnest([machine_us, reaction_us, reaction_awake_us, loop_us]) AS length_us,
  unnest([machine_event, closed_event, closed_event, closed_event]) AS event
FROM query_table(loops)
UNION ALL
SELECT
  experiment_key, scholar_key, stream_key, signal_day, 'recovery', recovery_us, recovered
FROM query_table(recoveries)
