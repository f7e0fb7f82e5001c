-- title: Feedback loops and their status
-- table: loop_core
-- One row per experiment with a loop: its result F, the next launch N of the same line, its status,
-- and the instant up to which the reaction is known. False starts and experiments with a clock flag
-- have no loop.
FROM loops_of('experiment_core')
