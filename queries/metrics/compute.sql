-- title: Compute and credits
-- One row per kind of group, group and period with charges or conclusions. A run counts the GPUs of its machine;
-- if the runs on a host request more GPUs than it has, its GPUs are shared among them. This is
-- allocation, not utilisation. Runs over several nodes are under-counted.
-- params: metrics/volume
-- key: kind, group_id, period_start
-- actor: all
-- order: 8
-- metric: gpu_hours | GPU-hours | GPU-hours | GPU-hours allocated, up to the capacity of each host; allocation, not utilisation.
--   adds: gpu_hours from charges
--   restated
-- metric: gpu_hours_failed | GPU-hours | GPU-hours failed | GPU-hours charged to failed compute (failed, crashed and stale runs).
--   adds: gpu_hours from charges where failed_compute
-- metric: productive_share | share | Productive share | GPU-hours charged to finished runs / all GPU-hours.
--   formula: gpu_hours_finished / gpu_hours
-- metric: unpriced_run_hours | hours | Hours on unknown GPUs | Run hours of runs with an unknown GPU count.
--   adds: unpriced_hours from charges
-- metric: gpu_utilisation | share | GPU utilisation | Mean share of time in which the GPUs were busy, over the runs that measured it, weighted by GPU-hours.
--   formula: gpu_hours_used / gpu_hours_measured
-- metric: gpu_measured_share | share | Utilisation measured | GPU-hours of runs that measured their utilisation / all GPU-hours: the basis of the utilisation figure.
--   formula: gpu_hours_measured / gpu_hours
-- metric: credits | credits | Credits spent | GPU-hours times the rate of the GPU type on that day; GPU-hours without a rate cost nothing.
--   adds: credits from charges
-- metric: killed_gpu_hours | GPU-hours | GPU-hours killed | GPU-hours charged to runs that a person stopped; stopping a bad run early is good practice.
--   adds: gpu_hours from charges where class = 'killed'
-- metric: stale_gpu_hours | GPU-hours | GPU-hours of stale runs | GPU-hours charged to stale (presumed dead) runs, up to their last heartbeat: a part of the GPU-hours failed.
--   adds: gpu_hours from charges where class = 'stale'
-- metric: preempted_gpu_hours | GPU-hours | GPU-hours pre-empted | GPU-hours charged to runs that the cluster took away.
--   adds: gpu_hours from charges where class = 'preempted'
-- metric: late_failure_gpu_hours | GPU-hours | GPU-hours of late failures | GPU-hours charged to failed compute that ran longer than 30 minutes.
--   adds: gpu_hours from charges where late_failure
-- metric: after_decision_gpu_hours | GPU-hours | GPU-hours after the next launch | GPU-hours charged to the runs of an experiment after the next launch of its line, in closed loops: the scholar had moved on.
--   adds: after_decision_gpu_hours from charges
-- metric: gpu_hours_per_concluded | GPU-hours | GPU-hours per conclusion | All GPU-hours, of runs in any state / experiments concluded.
--   formula: gpu_hours / conclusions
--   lasting
-- metric: credits_per_concluded | credits | Credits per conclusion | All credits spent, on runs in any state / experiments concluded.
--   formula: credits / conclusions
-- sum: conclusions | experiments | Conclusions | Experiments with a result in the window and the outcome success or partial.
--   adds: 1 from experiments where result_inside and outcome in ('success', 'partial')
-- sum: gpu_hours_finished | GPU-hours | GPU-hours of finished runs | GPU-hours charged to finished runs.
--   adds: gpu_hours from charges where class = 'finished'
-- sum: gpu_hours_used | GPU-hours | GPU-hours in use | GPU-hours in use, for runs that measured their utilisation.
--   adds: used_gpu_hours from charges
-- sum: gpu_hours_measured | GPU-hours | GPU-hours measured | GPU-hours charged to runs that measured their utilisation.
--   adds: gpu_hours from charges where used_gpu_hours is not null
WITH charged AS (
  SELECT
    kind,
    group_of(kind, scholar.scholar, stream.stream) AS group_id,
    period_of($period, charge.day) AS period_start,
    charge.day, charge.class, charge.failed_compute, charge.late_failure, charge.gpu_type,
    charge.gpu_us, charge.used_us, charge.unpriced_us, charge.after_decision_us
  FROM gpu_charge AS charge
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key),
  (SELECT unnest($kinds::VARCHAR[]) AS kind)
  WHERE row_counts(
    $scope, kind, scholar.scholar, scholar.attributed, stream.stream, $within, charge.day,
    $period, $periods, $from_day, $to_day, $groups, $groups_until)
),
daily AS (
  SELECT
    kind, group_id, period_start, day, gpu_type,
    coalesce(sum(gpu_us), 0) AS gpu_us,
    coalesce(sum(gpu_us) FILTER (failed_compute), 0) AS failed_us,
    coalesce(sum(gpu_us) FILTER (class = 'finished'), 0) AS finished_us,
    coalesce(sum(gpu_us) FILTER (class = 'killed'), 0) AS killed_us,
    coalesce(sum(gpu_us) FILTER (class = 'stale'), 0) AS stale_us,
    coalesce(sum(gpu_us) FILTER (class = 'preempted'), 0) AS preempted_us,
    coalesce(sum(gpu_us) FILTER (late_failure), 0) AS late_us,
    coalesce(sum(after_decision_us), 0) AS after_us,
    coalesce(sum(unpriced_us), 0) AS unpriced_us,
    sum(used_us) AS used_us,
    coalesce(sum(gpu_us) FILTER (used_us IS NOT NULL), 0) AS measured_us
  FROM charged
  GROUP BY ALL
),
priced AS (
  SELECT
    kind, group_id, period_start,
    sum(gpu_us) AS gpu_us,
    sum(failed_us) AS failed_us,
    sum(finished_us) AS finished_us,
    sum(killed_us) AS killed_us,
    sum(stale_us) AS stale_us,
    sum(preempted_us) AS preempted_us,
    sum(late_us) AS late_us,
    sum(after_us) AS after_us,
    sum(unpriced_us) AS unpriced_us,
    sum(used_us) AS used_us,
    sum(measured_us) AS measured_us,
    sum(price_of(gpu_us, rate.credits_per_gpu_hour)) AS credits
  FROM daily
  ASOF LEFT JOIN gpu_rate AS rate
    ON rate.gpu_type = daily.gpu_type AND rate.from_date <= daily.day
  GROUP BY kind, group_id, period_start
),
concluded AS (
  SELECT
    kind,
    group_of(kind, scholar.scholar, stream.stream) AS group_id,
    period_of($period, result_day) AS period_start,
    count(*) AS conclusions
  FROM experiment
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key),
  (SELECT unnest($kinds::VARCHAR[]) AS kind)
  WHERE is_concluded(outcome) AND row_counts(
    $scope, kind, scholar.scholar, scholar.attributed, stream.stream, $within, result_day,
    $period, $periods, $from_day, $to_day, $groups, $groups_until)
  GROUP BY ALL
)
SELECT
  kind, group_id, period_start,
  coalesce(gpu_us, 0) AS gpu_us,
  coalesce(failed_us, 0) AS gpu_us_failed,
  coalesce(finished_us, 0) AS gpu_us_finished,
  coalesce(killed_us, 0) AS killed_gpu_us,
  coalesce(stale_us, 0) AS stale_gpu_us,
  coalesce(preempted_us, 0) AS preempted_gpu_us,
  coalesce(late_us, 0) AS late_failure_gpu_us,
  coalesce(after_us, 0) AS after_decision_gpu_us,
  coalesce(unpriced_us, 0) AS unpriced_run_us,
  used_us AS gpu_us_used,
  coalesce(measured_us, 0) AS gpu_us_measured,
  coalesce(credits, 0) AS credits,
  coalesce(conclusions, 0) AS conclusions
FROM priced
FULL JOIN concluded USING (kind, group_id, period_start)
