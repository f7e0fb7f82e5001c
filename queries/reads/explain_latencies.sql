-- title: Explanation: latencies
-- One row per experiment (or run) and median that it counts in, shortest first: the length, whether
-- it ended (event) or is still going on, the number still at risk, and the survival from then on
-- with its 95 % limits.
-- param: line | VARCHAR | entity/project, null = all
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
WITH observation AS (
  SELECT
    $group_id::VARCHAR AS group_id, 'epoch'::DATE AS period_start,
    latency.run_key, scholar.name AS scholar, latency.day, latency.measure::VARCHAR AS measure, latency.length_us,
    latency.event
  FROM latency_of('loop', 'recovery', 'run') AS latency
  JOIN run USING (run_key)
  JOIN acting('actor', $actor) AS scholar ON scholar.scholar_key = run.scholar_key
  LEFT JOIN stream ON stream.stream_key = latency.stream_key
  JOIN project ON project.project_key = run.project_key
  WHERE length_us IS NOT NULL
    AND of_group(
    $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
    AND (measure <> 'reaction_awake' OR may_see_hours($scope, scholar.scholar))
    AND ($line::VARCHAR IS NULL OR concat_ws('/', project.entity, project.project) = $line::VARCHAR)
    AND ($from_day::DATE IS NULL OR day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR day < $to_day::DATE)
),
sample AS MATERIALIZED (
  FROM each_sample('observation')
),
ranked AS MATERIALIZED (
  FROM in_order('observation', 'sample')
),
curve AS (
  FROM curve_of('ranked') JOIN sample USING (sample)
)
SELECT
  observation.measure,
  concat_ws('/', project.entity, project.project, run.run_id) AS what,
  CASE WHEN observation.measure = 'first_row' THEN coalesce(label.display_name, run.run_id)
    ELSE experiment_name(label.group_name, label.sweep, label.display_name, run.run_id) END AS name,
  observation.scholar,
  observation.day,
  observation.length_us / hour_us() AS hours,
  observation.event,
  count(*) OVER (PARTITION BY observation.measure)
    - rank() OVER (PARTITION BY observation.measure ORDER BY observation.length_us) + 1 AS at_risk,
  curve.survival,
  curve.lower AS survival_low,
  curve.upper AS survival_high
FROM observation
JOIN curve USING (measure, length_us)
JOIN run ON run.run_key = observation.run_key
JOIN run_label AS label ON label.run_key = observation.run_key
JOIN project ON project.project_key = run.project_key
ORDER BY observation.measure, observation.length_us, observation.event DESC, what
