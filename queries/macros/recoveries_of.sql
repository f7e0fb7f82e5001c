-- title: Recoveries of failed experiments
-- Takes experiments (`experiments_of`, with stream_key) and runs (scholar_key, project_key, class,
-- start_us, end_us), all of each line. One row per failed experiment (outcome failure or false
-- start): the time from its result to the earliest end of a finished run of the same line that
-- started at or after the result, censored at the end of the data. Experiments with a clock flag are
-- left out.
CREATE OR REPLACE MACRO recoveries_of(experiments, runs) AS TABLE
WITH finished AS (
  -- For each start of a finished run, the earliest end among the runs that start then or later.
  SELECT
    scholar_key, project_key, start_us,
    min(min(end_us)) OVER (
      PARTITION BY scholar_key, project_key ORDER BY start_us DESC) AS first_end_us
  FROM query_table(runs)
  WHERE class = 'finished'
  GROUP BY scholar_key, project_key, start_us
)
SELECT
  failed.experiment_key, failed.scholar_key, failed.project_key, failed.stream_key,
  failed.result_us,
  local_day(setting.timezone, failed.result_us) AS result_day,
  coalesce(finished.first_end_us, failed.as_of_us) - failed.result_us AS recovery_us,
  finished.first_end_us IS NOT NULL AS recovered
FROM query_table(experiments) AS failed
ASOF LEFT JOIN finished
  ON finished.scholar_key = failed.scholar_key AND finished.project_key = failed.project_key
  AND finished.start_us >= failed.result_us,
setting
WHERE failed.outcome IN ('failure', 'false_start') AND NOT failed.clock
