-- title: Gaps between launches
-- table: launch_gap | kept by scholar | published
-- One row per pair of successive launches of a line at most 5 days apart: the time between them,
-- and the awake time among it.
SELECT
  launch.scholar_key, launch.project_key, launch.previous_stream_key, launch.stream_key,
  local_day(setting.timezone, launch.previous_us) AS previous_day,
  local_day(setting.timezone, launch.start_us) AS start_day,
  launch.start_us - launch.previous_us AS gap_us,
  awake_end.awake_us - awake_start.awake_us AS gap_awake_us
FROM launch
JOIN awake_at AS awake_start
  ON awake_start.scholar_key = launch.scholar_key AND awake_start.at_us = launch.previous_us
JOIN awake_at AS awake_end
  ON awake_end.scholar_key = launch.scholar_key AND awake_end.at_us = launch.start_us,
setting
WHERE launch.start_us - launch.previous_us <= reaction_limit_us()
