-- title: One setting at a time
-- One row per sequence of experiments of a line that changed one and the same config key, or none
-- (seeds), one after another, by the local day of its first launch, in order: the key (null: none),
-- its experiments in order, the hours that they took from launch to result, and the share of its
-- launches after the first that were ready. Values of configs are not stored.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scholar | VARCHAR | only this scholar, null = all
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
SELECT
  scholar.scholar,
  scholar.name AS scholar_name,
  max(stream.stream) FILTER (one_setting.head_key = one_setting.experiment_key) AS stream,
  project.entity,
  project.project,
  one_setting.key,
  count(*) AS experiments,
  list(
    concat_ws('/', project.entity, project.project, run.run_id) ORDER BY experiment.start_us)
    AS experiment_ids,
  list(
    experiment_name(label.group_name, label.sweep, label.display_name, run.run_id)
    ORDER BY experiment.start_us) AS labels,
  list(label.url ORDER BY experiment.start_us) AS urls,
  make_timestamptz(min(experiment.start_us)) AS started_at,
  make_timestamptz(max(experiment.result_us)) AS result_at,
  sum(experiment.result_us - experiment.start_us) / hour_us() AS machine_hours,
  count(*) FILTER (one_setting.ready) / count(one_setting.ready) AS ready_share
FROM one_setting
JOIN experiment USING (experiment_key)
JOIN acting('actor', $actor) AS scholar ON scholar.scholar_key = one_setting.scholar_key
JOIN project ON project.project_key = one_setting.project_key
JOIN run ON run.run_key = one_setting.experiment_key
JOIN run_label AS label ON label.run_key = one_setting.experiment_key
LEFT JOIN stream ON stream.stream_key = experiment.stream_key
WHERE $scholar::VARCHAR IS NULL OR scholar.scholar = $scholar::VARCHAR
GROUP BY
  one_setting.head_key, one_setting.key, scholar.scholar, scholar.name, project.entity,
  project.project
HAVING
  bool_and(may_see($scope, scholar.scholar, stream.stream))
  AND coalesce(min(experiment.start_day) >= $from_day::DATE, true)
  AND coalesce(min(experiment.start_day) < $to_day::DATE, true)
ORDER BY min(experiment.start_us), one_setting.head_key
