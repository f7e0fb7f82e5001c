-- title: Result and outcome of experiments
-- Takes the runs of experiments (experiment_key and the columns of `run_interval`). One row per
-- experiment: its n runs, first start S, result F (when the k-th of its runs finished, with k = half
-- of n rounded up) and outcome.
CREATE OR REPLACE MACRO experiments_of(members) AS TABLE
WITH counted AS (
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
  FROM query_table(members)
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
)
SELECT
  judged.* EXCLUDE (half_finished_us, any_running, any_failed, any_killed, all_early_failures),
  CASE outcome
    WHEN 'success' THEN half_finished_us
    WHEN 'open' THEN NULL
    ELSE last_end_us
  END AS result_us
FROM judged
