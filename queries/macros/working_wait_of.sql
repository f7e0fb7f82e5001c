-- title: Working hours of reactions
-- Takes loops (experiment_key, scholar_key, result_us, reaction_end_us), the table working_week and
-- working hours day by day (`working_calendar`). One row per loop with a result: the scholar's
-- working time from the result to the end of the reaction, in microseconds. The week of the result
-- decides on its Saturdays and Sundays.
CREATE OR REPLACE MACRO working_wait_of(loops, weeks, days) AS TABLE
WITH waited AS (
  SELECT
    loop.experiment_key, loop.scholar_key, loop.result_us, loop.reaction_end_us,
    week.saturdays, week.sundays
  FROM query_table(loops) AS loop
  JOIN setting ON loop.result_us IS NOT NULL
  JOIN query_table(weeks) AS week
    ON week.scholar_key = loop.scholar_key
    AND week.week_start = period_of('week', local_day(setting.timezone, loop.result_us))
)
SELECT
  waited.experiment_key,
  working_until(ending, waited.reaction_end_us, waited.saturdays, waited.sundays)
    - working_until(beginning, waited.result_us, waited.saturdays, waited.sundays) AS working_us
FROM waited
ASOF LEFT JOIN query_table(days) AS beginning
  ON beginning.scholar_key = waited.scholar_key AND beginning.start_us <= waited.result_us
ASOF LEFT JOIN query_table(days) AS ending
  ON ending.scholar_key = waited.scholar_key AND ending.start_us <= waited.reaction_end_us
