-- title: Jobs of a scheduler
-- One row per kind of group, group and period with idle jobs. GPU-hours of runs inside a job are in
-- Compute and credits; this is what the job held beside them.
-- params: metrics/volume
-- key: kind, group_id, period_start
-- actor: all
-- order: 9
-- metric: allocated_idle_gpu_hours | GPU-hours | Idle GPU-hours of jobs | GPU-hours that a scheduler's jobs held while none of the runs inside them was present. Never charged to credits; 0 without an import from a scheduler.
--   adds: idle_gpu_hours from allocated
SELECT
  kind,
  group_of(kind, scholar.scholar, stream.stream) AS group_id,
  period_of($period, idle.day) AS period_start,
  sum(idle.gpus * (idle.to_us - idle.from_us))::BIGINT AS allocated_idle_gpu_us
FROM job_idle AS idle
JOIN actor AS scholar USING (scholar_key)
LEFT JOIN stream USING (stream_key),
(SELECT unnest($kinds::VARCHAR[]) AS kind)
WHERE row_counts(
  $scope, kind, scholar.scholar, scholar.attributed, stream.stream, $within, idle.day,
  $period, $periods, $from_day, $to_day, $groups, $groups_until)
GROUP BY ALL
