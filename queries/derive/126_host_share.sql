-- title: The share of each requested GPU
-- table: host_share | kept by host
-- stage: host
-- One row per host and instant at which its demand changes or a day begins: the share of each
-- requested GPU that the host can provide from then on (1 unless requests exceed its GPUs), and the
-- integral of that share over time so far.
WITH event AS (
  SELECT host_key, capacity, from_us AS at_us, coalesce(gpus, 0) AS demand FROM piece
  UNION ALL
  SELECT host_key, capacity, to_us, -coalesce(gpus, 0) FROM piece
),
summed AS (
  -- If several events share an instant, the last has the demand from then on.
  SELECT
    host_key, at_us, capacity,
    sum(demand) OVER ordered AS demand,
    lead(at_us) OVER ordered AS until_us
  FROM event
  WINDOW ordered AS (
    PARTITION BY host_key ORDER BY at_us ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
shared AS (
  SELECT
    *,
    CASE
      WHEN demand <= 0 THEN 0.0
      WHEN capacity IS NULL THEN 1.0
      ELSE least(1, capacity / demand)
    END AS share
  FROM summed
  WHERE until_us IS DISTINCT FROM at_us
)
SELECT
  host_key, at_us, share,
  coalesce(sum(share * (until_us - at_us)) OVER (
    PARTITION BY host_key ORDER BY at_us ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
    AS share_us
FROM shared
