-- title: Feedback loops
-- table: loop | kept by scholar | published
-- One row per experiment with a loop: machine, reaction, awake and working reaction, and loop time,
-- and for each whether it ended (event) or is still going on (censored).
SELECT
  loop.experiment_key, loop.scholar_key, loop.project_key, loop.stream_key,
  loop.start_us, loop.result_us, loop.next_us, loop.outcome, loop.status,
  local_day(setting.timezone, loop.start_us) AS start_day,
  loop.machine_us, loop.machine_event, loop.reaction_us,
  awake_end.awake_us - awake_start.awake_us AS reaction_awake_us,
  waited.working_us AS reaction_working_us,
  loop.closed_event, loop.loop_us
FROM loop_core AS loop
LEFT JOIN awake_at AS awake_start
  ON awake_start.scholar_key = loop.scholar_key AND awake_start.at_us = loop.result_us
LEFT JOIN awake_at AS awake_end
  ON awake_end.scholar_key = loop.scholar_key AND awake_end.at_us = loop.reaction_end_us
LEFT JOIN working_wait AS waited ON waited.experiment_key = loop.experiment_key,
setting
