-- title: Sessions
-- table: session | kept by scholar | published
-- A row a stretch of time in which a run was active, [start, end): one a run, or one a writer of
-- a resumed run. An open session ends, for now, at as_of. Pending runs and runs that begin after
-- as_of have none.
WITH single AS (
  SELECT
    run_key, as_of_us, class, start_us,
    1 AS number, false AS estimated,
    CASE class
      WHEN 'running' THEN NULL
      WHEN 'stale' THEN coalesce(heartbeat_us, start_us)
      ELSE coalesce(
        start_us + runtime_us,
        CASE WHEN heartbeat_us >= start_us THEN heartbeat_us END,
        CASE WHEN last_metric_us >= start_us THEN last_metric_us END,
        start_us)
    END AS end_us,
    CASE
      WHEN class = 'running' THEN 'open'
      WHEN class = 'stale' THEN 'stale_heartbeat'
      WHEN runtime_us IS NOT NULL THEN 'runtime'
      WHEN heartbeat_us >= start_us THEN 'heartbeat'
      WHEN last_metric_us >= start_us THEN 'last_metric'
      ELSE 'unknown'
    END AS end_source
  FROM run_base
  WHERE coalesce(len(writer_starts), 0) <= 1
),
writer AS (
  SELECT
    run_key, as_of_us, class, heartbeat_us, last_metric_us, runtime_us,
    start_us AS first_us,
    unnest(list_sort(list_transform(writer_starts, lambda begun: epoch_us(begun)))) AS start_us,
    unnest(range(1, len(writer_starts) + 1)) AS number,
    len(writer_starts) AS writers
  FROM run_base
  WHERE len(writer_starts) > 1
),
last_writer AS (
  SELECT
    *,
    CASE class
      WHEN 'running' THEN NULL
      WHEN 'stale' THEN coalesce(heartbeat_us, first_us)
      ELSE coalesce(
        CASE WHEN heartbeat_us >= start_us THEN heartbeat_us END,
        CASE WHEN last_metric_us >= start_us THEN last_metric_us END,
        start_us)
    END AS end_us,
    CASE
      WHEN class = 'running' THEN 'open'
      WHEN class = 'stale' THEN 'stale_heartbeat'
      WHEN heartbeat_us >= start_us THEN 'heartbeat'
      WHEN last_metric_us >= start_us THEN 'last_metric'
      ELSE 'unknown'
    END AS end_source
  FROM writer
  WHERE number = writers
),
budget AS (
  -- What is left of the runtime, where it is known, for the earlier sessions.
  SELECT
    run_key,
    CASE WHEN runtime_us IS NOT NULL THEN
      greatest(0, runtime_us - greatest(0, coalesce(end_us, heartbeat_us, start_us) - start_us))
    END AS left_us
  FROM last_writer
),
earlier AS (
  SELECT
    writer.run_key, as_of_us, class, start_us, number, true AS estimated,
    lead(start_us) OVER (PARTITION BY writer.run_key ORDER BY number) AS next_us,
    first_us, left_us, writers
  FROM writer
  JOIN budget USING (run_key)
),
raw_session AS (
  SELECT run_key, as_of_us, class, start_us, number, estimated, end_us, end_source FROM single
  UNION ALL
  SELECT run_key, as_of_us, class, start_us, number, false, end_us, end_source FROM last_writer
  UNION ALL
  SELECT
    run_key, as_of_us, class, start_us, number, estimated,
    CASE WHEN left_us IS NULL THEN next_us ELSE
      start_us + least(left_us, next_us - first_us) - least(left_us, start_us - first_us)
    END,
    CASE WHEN left_us IS NULL THEN 'next_session' ELSE 'runtime_share' END
  FROM earlier
  WHERE number < writers
)
SELECT
  session.run_key,
  run.scholar_key,
  number::INTEGER AS number,
  session.start_us,
  -- A bad clock makes a session of zero length; nothing reaches past as_of.
  greatest(session.start_us, least(coalesce(end_us, session.as_of_us), session.as_of_us)) AS end_us,
  end_us IS NULL AS open,
  end_source,
  estimated,
  end_us < session.start_us OR clock_ahead(end_us, session.as_of_us) AS clock
FROM raw_session AS session
JOIN run_base AS run USING (run_key)
WHERE session.class <> 'pending' AND session.start_us <= session.as_of_us
