-- title: Likely lengths of what is still going on
-- Takes observations (group_id, period_start, measure, length_us, event; one sample per group) and
-- ages (group_id, age_us). One row per age whose group has enough events: the smallest lengths that
-- 10, 50 and 90 % of the observations that reach this age do not exceed, by the Kaplan-Meier curve.
-- A length that the curve never reaches is not known.
CREATE OR REPLACE MACRO likely_lengths(observations, ages) AS TABLE
WITH observation AS MATERIALIZED (
  FROM query_table(observations)
),
sample AS MATERIALIZED (
  FROM each_sample('observation')
),
sufficient AS (
  FROM sample WHERE n - censorings >= usual_age().least
),
ranked AS MATERIALIZED (
  FROM in_order('observation', 'sufficient')
),
curve AS MATERIALIZED (
  SELECT group_id, length_us, survival
  FROM curve_of('ranked') JOIN sufficient USING (sample)
),
reached AS (
  SELECT age.group_id, age.age_us, coalesce(curve.survival, 1) AS survival
  FROM query_table(ages) AS age
  SEMI JOIN sufficient USING (group_id)
  ASOF LEFT JOIN curve
    ON curve.group_id = age.group_id AND curve.length_us <= age.age_us
)
SELECT
  reached.group_id, reached.age_us,
  -- Rounding errors must not move a survival of exactly one half.
  min(length_us) FILTER (curve.survival <= 0.9 * reached.survival + 1e-9) AS low_us,
  min(length_us) FILTER (curve.survival <= 0.5 * reached.survival + 1e-9) AS middle_us,
  min(length_us) FILTER (curve.survival <= 0.1 * reached.survival + 1e-9) AS high_us
FROM reached
LEFT JOIN curve
  ON curve.group_id = reached.group_id AND curve.length_us > reached.age_us
GROUP BY reached.group_id, reached.age_us
