-- title: Chains of ready launches
-- Reads the tables follower and experiment. One row per chain: its first experiment, all of its
-- experiments in order, the sum of their known machine times, the longest of these, and what the
-- wait could have been shorter by if all had started together.
CREATE OR REPLACE MACRO chain_of(followers, experiments) AS TABLE
WITH member AS (
  SELECT head_key, experiment_key FROM query_table(followers) WHERE head_key IS NOT NULL
  UNION
  SELECT head_key, head_key FROM query_table(followers) WHERE head_key IS NOT NULL
),
timed AS (
  SELECT
    head_key,
    list(experiment_key ORDER BY start_us) AS member_keys,
    coalesce(sum(result_us - start_us), 0)::BIGINT AS machine_us,
    coalesce(max(result_us - start_us), 0) AS longest_us
  FROM member
  JOIN query_table(experiments) USING (experiment_key)
  GROUP BY head_key
)
SELECT *, machine_us - longest_us AS spare_us
FROM timed
