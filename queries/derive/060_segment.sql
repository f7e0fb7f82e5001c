-- title: When an experiment was active
-- table: segment | kept by scholar | published
-- One row per maximal stretch [start, end) in which at least one run of the experiment was active.
WITH interval AS (
  SELECT link.experiment_key, session.scholar_key, session.start_us, session.end_us
  FROM session
  JOIN link USING (run_key)
  WHERE session.end_us > session.start_us
),
reached AS (
  SELECT
    *,
    max(end_us) OVER (
      PARTITION BY experiment_key ORDER BY start_us, end_us
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached_us
  FROM interval
),
island AS (
  SELECT
    *,
    sum(CASE WHEN start_us <= reached_us THEN 0.0::DOUBLE ELSE 1 END) OVER (
      PARTITION BY experiment_key ORDER BY start_us, end_us) AS island
  FROM reached
)
SELECT experiment_key, scholar_key, min(start_us) AS start_us, max(end_us) AS end_us
FROM island
GROUP BY experiment_key, scholar_key, island
