-- title: Experiments: result and outcome
-- table: experiment_core
-- One row per experiment: its n runs, first start S, result F (when the k-th of its runs finished,
-- with k = half of n rounded up), outcome and stream.
WITH member AS (
  SELECT link.experiment_key, run.*
  FROM link
  JOIN run_interval AS run USING (run_key)
),
judged AS (
  FROM experiments_of('member')
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
  judged.*,
  -- A roster rule that matches the project comes before membership.
  coalesce(project_rule.stream_key, only_membership.stream_key) AS stream_key
FROM judged
LEFT JOIN project_rule USING (project_key)
LEFT JOIN only_membership USING (experiment_key)
