-- title: Rented hosts without a run
-- One row per host that a `rented` glob of the roster matches, those that are idle now first: its
-- GPUs, when runs were on it, since when it has been idle, and the GPU-hours of the gaps between its
-- runs. Viewers see a host if they may see all of its runs.
-- param: from_day | DATE | first local day of the gaps, null = from the beginning
-- param: to_day | DATE | day after the last of the gaps, null = to the end
-- param: scope | STRUCT | what the viewer may see
-- order: 9
-- metric: idle_gpu_hours | GPU-hours | Idle GPU-hours of rented hosts | Hours between the first and the last run on a rented host with no run on it, times the most GPUs that it reported. A gap of more than 12 hours (a setting) counts as 12: the host was probably returned. A lower bound, never charged; not known without a GPU count.
WITH host AS (
  SELECT
    stay.entity, stay.host,
    max(stay.gpu_count) FILTER (stay.gpu_count >= 0) AS gpus,
    min(stay.start_us) AS first_us,
    max(stay.end_us) AS last_us,
    bool_or(stay.open) AS running,
    -- Another project may have had a run on the host after its own data ends.
    min(project.as_of_us) AS as_of_us
  FROM host_stay AS stay
  JOIN actor AS scholar USING (scholar_key)
  JOIN project USING (project_key)
  LEFT JOIN stream USING (stream_key)
  GROUP BY stay.entity, stay.host
  HAVING bool_and(may_see($scope, scholar.scholar, stream.stream))
),
idle AS (
  SELECT
    entity, host,
    sum(clipped(gap.from_us, gap.to_us, bound.from_us, bound.to_us)) AS idle_us
  FROM idle_gap('host_stay', 'setting') AS gap,
  bounds_of('setting', $from_day::DATE, $to_day::DATE) AS bound
  GROUP BY entity, host
),
measured AS (
  SELECT
    host.*,
    coalesce(idle.idle_us, 0) AS idle_us,
    CASE WHEN NOT running THEN greatest(0, as_of_us - last_us) END AS idle_for_us
  FROM host
  LEFT JOIN idle USING (entity, host)
)
SELECT
  entity, host, gpus,
  coalesce(idle_for_us <= setting.rented_gap_us, false) AS idle_now,
  CASE WHEN NOT running THEN make_timestamptz(last_us) END AS idle_since,
  idle_for_us / hour_us() AS idle_for_hours,
  make_timestamptz(first_us) AS first_at,
  idle_us / hour_us() AS idle_hours,
  gpus * idle_us / hour_us() AS idle_gpu_hours
FROM measured, setting
ORDER BY idle_now DESC, idle_for_us NULLS LAST, entity, host
