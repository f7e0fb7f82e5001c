-- title: Working hours of reactions
-- table: working_wait
-- One row per loop with a result: the scholar's working time from the result to the end of the
-- reaction. The week of the result decides on its Saturdays and Sundays.
WITH loop AS (
  SELECT
    core.experiment_key, core.scholar_key, core.result_us, core.reaction_end_us,
    week.saturdays, week.sundays
  FROM loop_core AS core
  JOIN setting ON core.result_us IS NOT NULL
  JOIN working_week AS week
    ON week.scholar_key = core.scholar_key
    AND week.week_start = period_of('week', local_day(setting.timezone, core.result_us))
)
SELECT
  loop.experiment_key,
  working_until(ending, loop.reaction_end_us, loop.saturdays, loop.sundays)
    - working_until(beginning, loop.result_us, loop.saturdays, loop.sundays) AS working_us
FROM loop
ASOF LEFT JOIN working_day AS beginning
  ON beginning.scholar_key = loop.scholar_key AND beginning.start_us <= loop.result_us
ASOF LEFT JOIN working_day AS ending
  ON ending.scholar_key = loop.scholar_key AND ending.start_us <= loop.reaction_end_us
