-- title: Feedback loops
-- One row per experiment with a loop, filtered by the local day of its launch, latest first.
-- `_event` is true if the time has ended, and false if it is still going on (censored). Only the
-- scholar can see awake hours. `url` is that of the first run.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scholar | VARCHAR | only this scholar, null = all
-- param: stream | VARCHAR | only this stream, null = all
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
-- word: status | closed | launched again within 5 days of the result
-- word: status | abandoned | not launched again within 5 days of the result
-- word: status | awaiting | not launched again yet, within 5 days of the result
-- word: status | open | no result yet
SELECT
  scholar.scholar,
  stream.stream,
  project.entity,
  project.project,
  concat_ws('/', project.entity, project.project, first_run.run_id) AS experiment_id,
  experiment_name(label.group_name, label.sweep, label.display_name, first_run.run_id) AS label,
  loop.outcome,
  loop.status,
  make_timestamptz(loop.start_us) AS started_at,
  make_timestamptz(loop.result_us) AS result_at,
  make_timestamptz(loop.next_us) AS next_at,
  loop.machine_us / hour_us() AS machine_hours,
  loop.machine_event,
  loop.reaction_us / hour_us() AS reaction_hours,
  CASE WHEN may_see_hours($scope, scholar.scholar) THEN loop.reaction_awake_us / hour_us() END
    AS reaction_awake_hours,
  loop.reaction_working_us / hour_us() AS reaction_working_hours,
  loop.closed_event AS reaction_event,
  loop.loop_us / hour_us() AS loop_hours,
  loop.closed_event AS loop_event,
  label.url
FROM loop
JOIN acting('actor', $actor) AS scholar USING (scholar_key)
JOIN project USING (project_key)
LEFT JOIN stream USING (stream_key)
JOIN run AS first_run ON first_run.run_key = loop.experiment_key
JOIN run_label AS label ON label.run_key = loop.experiment_key
WHERE ($from_day::DATE IS NULL OR loop.start_day >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR loop.start_day < $to_day::DATE)
  AND ($scholar::VARCHAR IS NULL OR scholar.scholar = $scholar::VARCHAR)
  AND ($stream::VARCHAR IS NULL OR stream.stream = $stream::VARCHAR AND scholar.attributed)
  AND may_see($scope, scholar.scholar, stream.stream)
ORDER BY loop.start_us DESC, loop.experiment_key
