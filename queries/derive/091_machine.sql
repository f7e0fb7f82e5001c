-- title: Machines
-- table: machine
-- One row per machine of a session: its host, GPU type and count, and the number of the session. A
-- null number means every session of the run; a number that the run does not have means no session,
-- for a writer that left no trace. For one host, the largest reported count is used; a writer
-- without a host name has its own host. `shown` marks the machine shown for the run, from its last
-- session; `leads` marks one machine of each session.
WITH reported AS (
  SELECT
    base.run_key, base.scholar_key, base.firsts, base.writer_starts, base.starts, base.shift_us,
    base.writer_lost, raw.entity, raw.writers
  FROM run_base AS base
  JOIN raw_run AS raw USING (run_key)
  WHERE len(raw.writers) > 0
),
several AS (
  SELECT
    * EXCLUDE writer,
    writer.host AS host, writer.gpu_type AS gpu_type, writer.gpu_count AS gpu_count,
    epoch_us(writer.start) + shift_us AS begin_us
  FROM (
    SELECT
      * EXCLUDE writers, unnest(writers) AS writer, unnest(range(len(writers))) AS place
    FROM reported
    WHERE len(writers) > 1
  )
),
placed AS (
  SELECT
    run_key, entity, host, gpu_type, gpu_count,
    CASE
      WHEN len(starts) = 0 THEN NULL
      WHEN begin_us <= list_max(writer_starts)
        THEN len(list_filter(firsts, lambda it: it <= begin_us))
      ELSE 0
    END AS number
  FROM several
  WHERE begin_us IS NOT NULL OR len(starts) = 0
  UNION ALL
  -- A lost first session ran on the machine of the first known writer.
  SELECT run_key, entity, host, gpu_type, gpu_count, 1
  FROM several
  WHERE writer_lost AND begin_us = starts[1]
  QUALIFY row_number() OVER (PARTITION BY run_key ORDER BY place) = 1
),
named AS (
  SELECT
    run_key, number,
    named_host(entity, host) AS host_key,
    * EXCLUDE (run_key, number, entity)
  FROM placed
),
hosted AS (
  SELECT
    run_key, number, host_key, any_value(host) AS host,
    arg_max(coalesce(gpu_type, ''), (coalesce(gpu_count, -1), coalesce(gpu_type, ''))) AS gpu_type,
    max(gpu_count) AS gpu_count
  FROM named
  WHERE host_key IS NOT NULL
  GROUP BY run_key, number, host_key
  UNION ALL
  SELECT run_key, number, host_key, host, gpu_type, gpu_count FROM named WHERE host_key IS NULL
),
known AS (
  -- A machine without a count is ignored beside one with a count.
  SELECT *
  FROM hosted
  QUALIFY gpu_count IS NOT NULL OR (
    count(gpu_count) OVER (PARTITION BY run_key, number) = 0
    AND row_number() OVER (PARTITION BY run_key, number ORDER BY host, gpu_type) = 1)
)
SELECT
  run_key, NULL::BIGINT AS number,
  named_host(entity, writer.host) AS host_key,
  writer.host AS host, writer.gpu_type AS gpu_type, writer.gpu_count AS gpu_count, true AS shown,
  true AS leads
FROM (SELECT run_key, entity, writers[1] AS writer FROM reported WHERE len(writers) = 1)
UNION ALL
SELECT
  run_key, number, host_key, host, gpu_type, gpu_count,
  row_number() OVER (
    PARTITION BY run_key ORDER BY number DESC NULLS LAST, gpu_count DESC NULLS LAST, host) = 1,
  row_number() OVER (
    PARTITION BY run_key, number ORDER BY gpu_count DESC NULLS LAST, host) = 1
FROM known
