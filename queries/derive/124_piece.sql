-- title: Sessions on touched hosts, day by day
-- table: piece
-- stage: host
-- One row per session and local day: its start and end, host and GPUs. Scholars out of scope are
-- included if they share a host.
WITH on_host AS (
  FROM host_session
  UNION ALL
  FROM derived.host_session
  WHERE scholar_key NOT IN (FROM scope) AND host_key IN (FROM touched_host)
),
by_day AS (
  SELECT
    *,
    unnest(generate_series(first_day::TIMESTAMP, last_day::TIMESTAMP, INTERVAL 1 DAY))::DATE AS day
  FROM (
    SELECT
      on_host.*,
      setting.timezone,
      local_day(setting.timezone, start_us) AS first_day,
      local_day(setting.timezone, end_us - 1) AS last_day
    FROM on_host, setting
    WHERE end_us > start_us
  )
),
capacity AS (
  SELECT host_key, max(reported) AS gpus FROM on_host WHERE shared GROUP BY host_key
)
SELECT
  by_day.host_key, by_day.scholar_key, by_day.run_key, by_day.stream_key, by_day.class,
  by_day.failed_compute, by_day.late_failure, by_day.gpu_type, by_day.gpus, by_day.load, by_day.leads, by_day.utilisation,
  capacity.gpus AS capacity,
  by_day.day,
  CASE WHEN day = first_day THEN start_us ELSE begin_of_day(timezone, day) END AS from_us,
  CASE WHEN day = last_day THEN end_us ELSE begin_of_day(timezone, day + 1) END AS to_us
FROM by_day
LEFT JOIN capacity USING (host_key)
