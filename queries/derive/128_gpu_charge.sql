-- title: GPU charges
-- table: gpu_charge | kept by host | published
-- One row per session and local day: the GPU time charged (its GPUs times the share that the host
-- could provide), or the time of a run whose GPUs are not known. This is allocation, not
-- utilisation; `used_us` is the part in use if the run measured it (null: not known).
SELECT
  piece.host_key, piece.scholar_key, piece.run_key, piece.stream_key, piece.class,
  piece.failed_compute, piece.gpu_type, piece.day, piece.gpus,
  piece.from_us, piece.to_us,
  piece.leads,
  piece.gpus * (after.share_us - before.share_us) AS gpu_us,
  piece.gpus * (after.share_us - before.share_us) * piece.utilisation AS used_us,
  CASE WHEN piece.gpus IS NULL THEN (piece.to_us - piece.from_us) * piece.load END AS unpriced_us
FROM piece
JOIN host_share AS before ON before.host_key = piece.host_key AND before.at_us = piece.from_us
JOIN host_share AS after ON after.host_key = piece.host_key AND after.at_us = piece.to_us
