-- title: Experiments
-- table: experiment | kept by scholar | published
-- One row per experiment: its facts from step 070, its active time, and whether another experiment
-- of the scholar (for overlapped_in_stream, of the same stream) was active when it was launched.
WITH active AS (
  SELECT experiment_key, sum(end_us - start_us)::BIGINT AS active_us, min(start_us) AS first_us
  FROM segment
  GROUP BY experiment_key
),
own AS (
  -- Experiments that become active at their own launch: each is not "another" for itself.
  SELECT core.scholar_key, scope.stream_key, core.start_us, count(*) AS beginning
  FROM experiment_core AS core
  JOIN active ON active.experiment_key = core.experiment_key AND active.first_us = core.start_us,
  LATERAL (SELECT unnest([0, core.stream_key]) AS stream_key) AS scope
  WHERE scope.stream_key IS NOT NULL
  GROUP BY ALL
),
others AS (
  SELECT
    swept.scholar_key, swept.stream_key, swept.at_us,
    swept.experiments - coalesce(own.beginning, 0) > 0 AS overlapped
  FROM swept
  -- Only the instants of launches, a quarter of all.
  SEMI JOIN (SELECT scholar_key, start_us AS at_us FROM experiment_core) USING (scholar_key, at_us)
  LEFT JOIN own
    ON own.scholar_key = swept.scholar_key AND own.stream_key = swept.stream_key
    AND own.start_us = swept.at_us
)
SELECT
  core.* EXCLUDE (as_of_us),
  coalesce(active.active_us, 0) AS active_us,
  in_all.overlapped AS overlapped,
  in_stream.overlapped AS overlapped_in_stream,
  local_day(setting.timezone, core.start_us) AS start_day,
  local_day(setting.timezone, core.result_us) AS result_day
FROM experiment_core AS core
LEFT JOIN active USING (experiment_key)
JOIN others AS in_all
  ON in_all.scholar_key = core.scholar_key AND in_all.stream_key = 0
  AND in_all.at_us = core.start_us
LEFT JOIN others AS in_stream
  ON in_stream.scholar_key = core.scholar_key AND in_stream.stream_key = core.stream_key
  AND in_stream.at_us = core.start_us,
setting
