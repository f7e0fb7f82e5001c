-- title: Launches while results waited
-- One row per loop with a result, by the local day of its launch: how many experiments the scholar
-- launched on other lines between the result and the next launch, or the end of the data.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scholar | VARCHAR | only this scholar, null = all
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
WITH waiting AS (
  SELECT
    loop.experiment_key, loop.scholar_key, loop.project_key, loop.status, scholar.scholar,
    loop.result_us AS from_us,
    loop.result_us + loop.reaction_us AS to_us
  FROM loop
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE loop.result_us IS NOT NULL AND loop.reaction_us IS NOT NULL
    AND ($from_day::DATE IS NULL OR loop.start_day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR loop.start_day < $to_day::DATE)
    AND ($scholar::VARCHAR IS NULL OR scholar.scholar = $scholar::VARCHAR)
    AND may_see($scope, scholar.scholar, stream.stream)
),
launch AS (
  SELECT experiment.scholar_key, experiment.project_key, experiment.start_us
  FROM experiment
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE scholar_key IN (SELECT scholar_key FROM waiting)
    AND may_see($scope, scholar.scholar, stream.stream)
)
SELECT
  waiting.scholar,
  concat_ws('/', project.entity, project.project, run.run_id) AS experiment_id,
  waiting.status,
  count(launch.start_us) AS launches
FROM waiting
JOIN project USING (project_key)
JOIN run ON run.run_key = waiting.experiment_key
LEFT JOIN launch
  ON launch.scholar_key = waiting.scholar_key AND launch.project_key <> waiting.project_key
  AND launch.start_us > waiting.from_us AND launch.start_us < waiting.to_us
GROUP BY ALL
ORDER BY ALL
