-- title: Working hours of reactions
-- table: working_wait
-- One row per loop with a result: the scholar's working time from the result to the end of the
-- reaction.
FROM working_wait_of('loop_core', 'working_week', 'working_day')
