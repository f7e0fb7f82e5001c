-- title: Sessions on touched hosts, day by day
-- table: piece
-- A row a session and local day: from when to when, on which host, with how many GPUs. Scholars
-- out of scope are there too where they share a host.
WITH on_host AS (
  FROM temp.host_session
  UNION ALL
  FROM derived.host_session
  WHERE scholar_key NOT IN (FROM scope) AND host_key IN (FROM touched_host)
),
by_day AS (
  SELECT
    on_host.*,
    setting.timezone,
    unnest(generate_series(
      local_day(setting.timezone, start_us)::TIMESTAMP,
      local_day(setting.timezone, end_us - 1)::TIMESTAMP, INTERVAL 1 DAY)) AS day
  FROM on_host, setting
  WHERE end_us > start_us
),
capacity AS (
  SELECT host_key, max(reported) AS gpus FROM on_host WHERE shared GROUP BY host_key
)
SELECT
  by_day.host_key, by_day.scholar_key, by_day.run_key, by_day.gpus,
  capacity.gpus AS capacity,
  by_day.day::DATE AS day,
  greatest(by_day.start_us, epoch_us(timezone(by_day.timezone, by_day.day))) AS from_us,
  least(by_day.end_us, epoch_us(timezone(by_day.timezone, by_day.day + INTERVAL 1 DAY))) AS to_us
FROM by_day
LEFT JOIN capacity USING (host_key)
