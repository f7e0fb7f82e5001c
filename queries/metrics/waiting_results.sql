-- title: Results waiting
-- One row per experiment with a result at most 5 days old and no launch after it yet (a loop that
-- awaits its next launch), oldest result first.
-- param: scholar | VARCHAR | only this scholar, null = all
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
-- order: 7
-- metric: waiting_hours | hours | Age of a waiting result | From an experiment's result to the end of the data, if its line has had no launch since the result. After 5 days the loop is abandoned.
SELECT
  scholar.scholar, project.entity, project.project, stream.stream,
  concat_ws('/', project.entity, project.project, run.run_id) AS experiment_id,
  loop.outcome,
  make_timestamptz(loop.result_us) AS result_at,
  loop.reaction_us / hour_us() AS waiting_hours
FROM loop
JOIN acting('actor', $actor) AS scholar USING (scholar_key)
JOIN project USING (project_key)
JOIN run ON run.run_key = loop.experiment_key
LEFT JOIN stream ON stream.stream_key = loop.stream_key
WHERE loop.status = 'awaiting' AND scholar.attributed
  AND may_see($scope, scholar.scholar, stream.stream)
  AND ($scholar::VARCHAR IS NULL OR scholar.scholar = $scholar::VARCHAR)
ORDER BY loop.result_us, loop.experiment_key
