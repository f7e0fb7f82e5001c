-- title: Experiments: result and outcome
-- table: experiment_core
-- One row per experiment: its n runs, first start S, result F (when the k-th of its runs finished,
-- with k = half of n rounded up), outcome and stream.
WITH member AS (
  SELECT link.experiment_key, run.*
  FROM link
  JOIN run_interval AS run USING (run_key)
),
counted AS (
  SELECT
    experiment_key, scholar_key, project_key, as_of_us,
    count(*)::INTEGER AS n,
    min(start_us) AS start_us,
    max(end_us) AS last_end_us,
    sum(present_us)::BIGINT AS run_us,
    list_sort(list(end_us) FILTER (class = 'finished')) AS finished_ends,
    count(*) FILTER (class = 'running') > 0 AS any_running,
    count(*) FILTER (failed_compute) > 0 AS any_failed,
    count(*) FILTER (class = 'killed') > 0 AS any_killed,
    bool_and(early_failure) AS all_early_failures,
    bool_or(clock) AS clock
  FROM member
  GROUP BY experiment_key, scholar_key, project_key, as_of_us
),
judged AS (
  SELECT
    * EXCLUDE (finished_ends),
    finished_ends[(n + 1) // 2] AS half_finished_us,
    CASE
      WHEN finished_ends[(n + 1) // 2] IS NOT NULL THEN 'success'
      WHEN any_running THEN 'open'
      WHEN len(finished_ends) > 0 THEN 'partial'
      WHEN all_early_failures THEN 'false_start'
      WHEN any_failed THEN 'failure'
      WHEN any_killed THEN 'killed'
      ELSE 'other'
    END AS outcome
  FROM counted
),
only_membership AS (
  -- Otherwise, the scholar's only stream at S. Dates are days in the programme's time zone.
  SELECT
    judged.experiment_key,
    CASE WHEN count(DISTINCT membership.stream_key) = 1 THEN any_value(membership.stream_key) END
      AS stream_key
  FROM judged
  JOIN actor USING (scholar_key), setting
  JOIN membership
    ON membership.scholar_key = actor.owner_key
    AND local_day(setting.timezone, judged.start_us)
      >= membership.from_date
    AND local_day(setting.timezone, judged.start_us)
      < membership.to_date
  GROUP BY judged.experiment_key
)
SELECT
  judged.* EXCLUDE (half_finished_us, any_running, any_failed, any_killed, all_early_failures),
  CASE outcome
    WHEN 'success' THEN half_finished_us
    WHEN 'open' THEN NULL
    ELSE last_end_us
  END AS result_us,
  -- A roster rule that matches the project comes before membership.
  coalesce(project_rule.stream_key, only_membership.stream_key) AS stream_key
FROM judged
LEFT JOIN project_rule USING (project_key)
LEFT JOIN only_membership USING (experiment_key)
