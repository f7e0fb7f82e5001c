-- title: Lines
-- One row per line (scholar and project) with loops in the window: the number of loops (including
-- open ones, as censored), the median loop and awake reaction, and how far launches look unrelated
-- to results.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scholar | VARCHAR | only this scholar, null = all
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
-- order: 5
-- metric: blind_ratio | ratio | Blind ratio | Median awake reaction / (ln 2 / launches per awake hour). The rate uses gaps of at most 5 days between two launches in the window. Near 1, launches look unrelated to results, and the reaction figure means little.
--   private
WITH observation AS (
  SELECT
    (scholar.owner_key, project_key) AS group_id, 'epoch'::DATE AS period_start,
    measure, length_us, closed_event AS event
  FROM (
    SELECT
      *,
      unnest(['reaction_awake', 'loop']) AS measure,
      unnest([reaction_awake_us, loop_us]) AS length_us
    FROM loop
  )
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE length_us IS NOT NULL AND may_see($scope, scholar.scholar, stream.stream)
    AND ($scholar::VARCHAR IS NULL OR scholar.scholar = $scholar::VARCHAR)
    AND ($from_day::DATE IS NULL OR start_day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR start_day < $to_day::DATE)
),
estimate AS (
  FROM kaplan_meier('observation')
),
gap AS (
  SELECT
    (scholar.owner_key, project_key) AS group_id,
    count(*) / nullif(sum(gap_awake_us) / hour_us(), 0) AS launches_per_awake_hour
  FROM launch_gap AS gap
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  LEFT JOIN stream AS before ON before.stream_key = gap.previous_stream_key
  LEFT JOIN stream AS after ON after.stream_key = gap.stream_key
  WHERE may_see($scope, scholar.scholar, before.stream)
    AND may_see($scope, scholar.scholar, after.stream)
    AND ($from_day::DATE IS NULL OR previous_day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR start_day < $to_day::DATE)
  GROUP BY ALL
)
SELECT
  scholar.scholar, project.entity, project.project,
  max(estimate.n) FILTER (measure = 'loop') AS loops,
  max(estimate.events) FILTER (measure = 'loop') AS loops_closed,
  max(estimate.largest) FILTER (measure = 'loop') AS loop_hours_largest,
  max(estimate.median) FILTER (measure = 'loop') AS loop_hours_median,
  max(estimate.median) FILTER (
    measure = 'reaction_awake' AND may_see_hours($scope, scholar.scholar))
    AS reaction_awake_hours_median,
  max(estimate.median) FILTER (measure = 'reaction_awake')
    * any_value(gap.launches_per_awake_hour) / ln(2) AS blind_ratio
FROM estimate
JOIN scholar ON scholar.scholar_key = estimate.group_id[1]
JOIN project ON project.project_key = estimate.group_id[2]
LEFT JOIN gap USING (group_id)
WHERE scholar.attributed
GROUP BY ALL
ORDER BY ALL
