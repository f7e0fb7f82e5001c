-- title: Compute and credits
-- A row a kind of group, group and period with charges. GPUs are those of the machine, shared out where a host was
-- asked for more than it has: allocation, not utilisation. Runs over several nodes are under-counted.
-- param: kinds | VARCHAR[] | kinds of group: scholar, stream, programme
-- param: period | VARCHAR | all, month, week or day
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: periods | DATE[] | only periods with these first days, null = all
-- param: groups | VARCHAR[] | only these ids, null = all
-- param: groups_until | DATE | period from which on all ids are given after all, null = never
-- param: within | VARCHAR | of scholars: only what they did in this stream, null = everything
-- param: scope | STRUCT | what the viewer may see
-- metric: gpu_hours | GPU-hours | GPU-hours | GPU-hours allocated, capped at what each host has; allocation, not utilisation.
-- metric: gpu_hours_failed | GPU-hours | GPU-hours failed | The part charged to failed compute (failed, crashed, presumed dead).
-- metric: productive_share | share | Productive share | GPU-hours charged to finished runs / all GPU-hours.
-- metric: unpriced_run_hours | hours | Hours of unknown GPUs | Run hours of runs whose GPU count is not known.
-- metric: gpu_utilisation | share | GPU utilisation | Mean share of the time that the GPUs were busy, over the runs that measured it (local run files do), weighted by their GPU-hours.
-- metric: gpu_measured_share | share | Utilisation measured | GPU-hours of runs that measured their utilisation / all GPU-hours: what the utilisation rests on.
-- metric: credits | credits | Credits spent | GPU-hours times the rate for the GPU type on that day; GPU-hours without a rate cost nothing here.
WITH charged AS (
  SELECT
    kind,
    group_of(kind, scholar.scholar, stream.stream) AS group_id,
    period_of($period, charge.day) AS period_start,
    charge.day, charge.class, charge.failed_compute, charge.gpu_type, charge.gpu_us, charge.used_us,
    charge.unpriced_us
  FROM gpu_charge AS charge
  JOIN scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key),
  (SELECT unnest($kinds::VARCHAR[]) AS kind)
  WHERE (kind <> 'stream' OR stream.stream IS NOT NULL)
    AND (kind = 'programme' OR scholar.attributed)
    AND ($within::VARCHAR IS NULL OR stream.stream = $within::VARCHAR)
    AND may_see_group($scope, kind, scholar.scholar, stream.stream, $within::VARCHAR)
    AND ($from_day::DATE IS NULL OR charge.day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR charge.day < $to_day::DATE)
    AND ($groups::VARCHAR[] IS NULL
      OR list_contains($groups::VARCHAR[], group_of(kind, scholar.scholar, stream.stream))
      OR period_of($period, charge.day) >= $groups_until::DATE)
    AND ($periods::DATE[] IS NULL
      OR list_contains($periods::DATE[], period_of($period, charge.day)))
),
daily AS (
  SELECT
    kind, group_id, period_start, day, gpu_type,
    coalesce(sum(gpu_us), 0) AS gpu_us,
    coalesce(sum(gpu_us) FILTER (failed_compute), 0) AS failed_us,
    coalesce(sum(gpu_us) FILTER (class = 'finished'), 0) AS finished_us,
    coalesce(sum(unpriced_us), 0) AS unpriced_us,
    sum(used_us) AS used_us,
    coalesce(sum(gpu_us) FILTER (used_us IS NOT NULL), 0) AS measured_us
  FROM charged
  GROUP BY ALL
)
SELECT
  kind, group_id, period_start,
  sum(gpu_us) / 3.6e9 AS gpu_hours,
  sum(failed_us) / 3.6e9 AS gpu_hours_failed,
  sum(finished_us) / nullif(sum(gpu_us), 0) AS productive_share,
  sum(unpriced_us) / 3.6e9 AS unpriced_run_hours,
  sum(used_us) / nullif(sum(measured_us), 0) AS gpu_utilisation,
  sum(measured_us) / nullif(sum(gpu_us), 0) AS gpu_measured_share,
  coalesce(sum(gpu_us / 3.6e9 * rate.credits_per_gpu_hour), 0) AS credits
FROM daily
ASOF LEFT JOIN gpu_rate AS rate
  ON rate.gpu_type = daily.gpu_type AND rate.from_date <= daily.day
GROUP BY kind, group_id, period_start
ORDER BY kind, group_id, period_start
