-- title: GPU charges
-- table: gpu_charge | kept by host | published
-- stage: host
-- One row per session and local day: the GPU time charged (its GPUs times the share that the host
-- could provide), or the time of a run whose GPUs are not known. This is allocation, not
-- utilisation; `used_us` is the part in use if the run measured it (null: not known), and
-- `after_decision_us` the part after the next launch of a closed loop.
WITH moved_on AS (
  SELECT run.run_key, loop.next_us
  FROM run
  JOIN loop USING (experiment_key)
  WHERE loop.status = 'closed'
  UNION ALL
  SELECT run.run_key, loop.next_us
  FROM derived.run AS run
  JOIN derived.loop AS loop USING (experiment_key)
  WHERE loop.status = 'closed'
    AND run.run_key IN (SELECT run_key FROM piece WHERE scholar_key NOT IN (FROM scope))
),
cut AS (
  -- The next launch, moved into the charge; its end if there was none.
  SELECT piece.*, greatest(from_us, least(to_us, coalesce(next_us, to_us))) AS decided_us
  FROM piece
  LEFT JOIN moved_on USING (run_key)
)
SELECT
  piece.host_key, piece.scholar_key, piece.run_key, piece.stream_key, piece.class,
  piece.failed_compute, piece.late_failure, piece.gpu_type, piece.day, piece.gpus,
  piece.from_us, piece.to_us,
  piece.leads,
  piece.gpus * (after.share_us - before.share_us) AS gpu_us,
  piece.gpus * (after.share_us - before.share_us) * piece.utilisation AS used_us,
  piece.gpus * (
    after.share_us - (decided.share_us + decided.share * (piece.decided_us - decided.at_us)))
    AS after_decision_us,
  CASE WHEN piece.gpus IS NULL THEN (piece.to_us - piece.from_us) * piece.load END AS unpriced_us
FROM cut AS piece
JOIN host_share AS before ON before.host_key = piece.host_key AND before.at_us = piece.from_us
JOIN host_share AS after ON after.host_key = piece.host_key AND after.at_us = piece.to_us
ASOF JOIN host_share AS decided
  ON decided.host_key = piece.host_key AND decided.at_us <= piece.decided_us
