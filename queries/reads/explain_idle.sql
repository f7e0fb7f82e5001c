-- title: Explanation: gaps on rented hosts
-- One row per gap between the runs on a rented host, in order: its hours inside the window, of at
-- most as many as a gap can count.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
SELECT
  entity, host,
  make_timestamptz(gap.from_us) AS started_at,
  clipped(gap.from_us, gap.to_us, bound.from_us, bound.to_us) / hour_us() AS idle_hours
FROM idle_gap('host_stay', 'setting') AS gap,
bounds_of('setting', $from_day::DATE, $to_day::DATE) AS bound
-- Hosts have runs of several scholars and streams.
WHERE of_group($by, $group_id::VARCHAR, $scope, NULL, false, NULL)
ORDER BY gap.from_us, entity, host
