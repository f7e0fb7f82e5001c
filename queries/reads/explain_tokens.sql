-- title: Explanation: tokens
-- One row per evaluation and model in the window: the tokens by kind, their dollars (null: neither the
-- log nor a rate says), and which retry of its task it was (0: the first attempt).
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
SELECT
  concat_ws('/', project.entity, project.project, run.run_id) AS run,
  coalesce(label.display_name, run.run_id) AS name,
  scholar.name AS scholar,
  charge.day, charge.model, charge.retry,
  charge.input, charge.output, charge.cache_read, charge.cache_write, charge.tokens, charge.dollars
FROM token_charge AS charge
JOIN run USING (run_key)
JOIN run_label AS label USING (run_key)
JOIN actor AS scholar ON scholar.scholar_key = charge.scholar_key
JOIN project ON project.project_key = run.project_key
LEFT JOIN stream ON stream.stream_key = charge.stream_key
WHERE of_group(
    $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
  AND ($from_day::DATE IS NULL OR charge.day >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR charge.day < $to_day::DATE)
ORDER BY charge.day, run, charge.model
