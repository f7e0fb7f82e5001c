-- title: Runs inside a scheduler's jobs
-- table: in_job
-- One row per run and start of one of its processes, if a scheduler's job of the same scholar
-- contains it: the job, its GPUs and their type, when it ran, and the time for which it was queued.
-- The process recorded the number of the job; or else it started on a host of the job while the job
-- ran. Of several such jobs, the last that started counts. If they started at the same instant, each
-- run takes the next.
WITH job AS (
  SELECT
    clock.run_key AS job_key,
    actor.owner_key,
    clock.start_us,
    CASE WHEN clock.class = 'running' THEN clock.as_of_us
      ELSE greatest(clock.start_us, clock.alive_us, clock.start_us + clock.runtime_us) END AS end_us,
    clock.together_us,
    CASE WHEN NOT coalesce(list_has_any(raw.unreadable, ['submit', 'start']), false)
      THEN greatest(0, clock.start_us - clock.submitted_us) END AS wait_us,
    raw.writers,
    list_sum(list_transform(raw.writers, lambda it: it.gpu_count))::BIGINT AS gpus,
    list_max(list_transform(raw.writers, lambda it: it.gpu_type)) AS gpu_type
  FROM run_clock AS clock
  JOIN raw_run AS raw USING (run_key)
  JOIN actor USING (scholar_key)
  WHERE clock.submitted_us IS NOT NULL AND clock.class <> 'pending'
),
place AS (
  SELECT
    * EXCLUDE (writers, writer),
    short_host(writer.host) AS host,
    writer.job_id AS job_id
  FROM (SELECT *, unnest(writers) AS writer FROM job)
),
process AS (
  SELECT
    run_key, owner_key,
    epoch_us(writer.start) + shift_us AS begin_us,
    short_host(writer.host) AS host,
    writer.job_id AS job_id
  FROM (
    SELECT clock.run_key, clock.shift_us, actor.owner_key, unnest(raw.writers) AS writer
    FROM run_clock AS clock
    JOIN actor USING (scholar_key)
    JOIN raw_run AS raw USING (run_key)
    WHERE clock.submitted_us IS NULL AND actor.owner_key IN (SELECT owner_key FROM job)
  )
  WHERE writer.start IS NOT NULL
),
candidate AS (
  SELECT process.*, place.* EXCLUDE (owner_key, host, job_id), true AS recorded
  FROM process
  JOIN place USING (owner_key, job_id)
  UNION ALL
  -- A number that is only part of the id of an array's task cannot be compared.
  SELECT process.*, place.* EXCLUDE (owner_key, host, job_id), false
  FROM process
  JOIN place USING (owner_key, host)
  WHERE process.job_id IS NULL OR NOT coalesce(regexp_full_match(place.job_id, '\d+'), false)
),
nearest AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY run_key, begin_us
      ORDER BY recorded DESC, begin_us BETWEEN start_us AND end_us DESC, start_us DESC, job_key)
      AS number
  FROM candidate
  -- The clocks of two machines differ a little.
  WHERE begin_us BETWEEN start_us - together_us AND end_us + together_us
  QUALIFY rank() OVER (
    PARTITION BY run_key, begin_us
    ORDER BY recorded DESC, begin_us BETWEEN start_us AND end_us DESC, start_us DESC) = 1
),
turn AS (
  SELECT
    *,
    count(*) OVER (PARTITION BY run_key, begin_us) AS several,
    dense_rank() OVER (PARTITION BY owner_key, host, start_us ORDER BY begin_us, run_key) AS turn
  FROM nearest
)
SELECT
  run_key, begin_us, job_key, gpus, gpu_type, wait_us,
  start_us AS job_start_us, end_us AS job_end_us
FROM turn
WHERE number = 1 + (turn - 1) % several
