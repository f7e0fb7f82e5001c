-- title: Idle time in a scheduler's jobs
-- table: job_idle | kept by scholar | published
-- One row per job with runs inside it, stretch in which none of these was present, and local day: the
-- stretch, and the GPUs that the job held meanwhile. It belongs to the stream of the first run inside.
WITH job AS (
  SELECT
    in_job.job_key, base.scholar_key, in_job.gpus, in_job.job_start_us, in_job.job_end_us,
    arg_min(run.stream_key, in_job.begin_us) AS stream_key
  FROM in_job
  JOIN run_base AS base ON base.run_key = in_job.job_key
  JOIN run ON run.run_key = in_job.run_key
  WHERE in_job.gpus > 0 AND base.excluded = 'allocation'
  GROUP BY ALL
),
present AS (
  SELECT in_job.job_key, session.start_us, session.end_us
  FROM session
  ASOF JOIN in_job ON in_job.run_key = session.run_key AND in_job.begin_us >= session.start_us
  WHERE in_job.begin_us <= session.end_us
  UNION ALL
  -- The end of the job, as a run that only begins then.
  SELECT job_key, job_end_us, job_end_us FROM job
),
gap AS (
  SELECT
    job.*,
    -- A run may begin, or even end, shortly before its job.
    greatest(job_start_us, max(present.end_us) OVER (
      PARTITION BY job_key ORDER BY present.start_us, present.end_us
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS from_us,
    least(present.start_us, job_end_us) AS to_us
  FROM present
  JOIN job USING (job_key)
),
by_day AS (
  SELECT
    *,
    unnest(generate_series(first_day::TIMESTAMP, last_day::TIMESTAMP, INTERVAL 1 DAY))::DATE AS day
  FROM (
    SELECT
      gap.*,
      setting.timezone,
      local_day(setting.timezone, from_us) AS first_day,
      local_day(setting.timezone, to_us - 1) AS last_day
    FROM gap, setting
    WHERE to_us > from_us
  )
)
SELECT
  job_key AS run_key, scholar_key, stream_key, gpus, day,
  CASE WHEN day = first_day THEN from_us ELSE begin_of_day(timezone, day) END AS from_us,
  CASE WHEN day = last_day THEN to_us ELSE begin_of_day(timezone, day + 1) END AS to_us
FROM by_day
