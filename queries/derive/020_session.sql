-- title: Sessions
-- table: session | kept by scholar | published
-- One row per stretch of time [start, end) in which a run was present: one per run, or one per
-- launch of a run whose launches took turns. Its active time is its length; in a suspended session
-- (rows continue long after the runtime stopped), it is the runtime. An open session is counted to
-- the end of the data. Runs that count nowhere, and sessions that start after the end of the data,
-- have no row.
WITH run AS (
  FROM run_base WHERE excluded IS NULL
),
recorded AS (
  -- The sessions of local directories, each with the facts in its own directory.
  SELECT
    run.run_key,
    position.number,
    max(round(writer.runtime_s * 1e6)::BIGINT) AS runtime_us,
    max(epoch_us(writer.heartbeat_at)) AS alive_us,
    max(epoch_us(writer.last_metric_at)) AS rows_us
  FROM run
  JOIN raw_run USING (run_key),
  LATERAL (SELECT unnest(raw_run.writers) AS writer),
  LATERAL (SELECT len(list_filter(run.firsts, lambda it: it <= epoch_us(writer.start))) AS number)
    AS position
  WHERE run.launches = 'recorded' AND writer.start IS NOT NULL
  GROUP BY ALL
),
judged AS (
  SELECT
    run_key, class, as_of_us, slack_us, 1 AS number, start_us, NULL::BIGINT AS next_us,
    late, alive_us, life_us, rows_us, runtime_us
  FROM run
  WHERE launches IN ('alone', 'launched_again')
  UNION ALL
  SELECT
    run.run_key,
    -- Only the last session can still be running.
    CASE WHEN recorded.number < len(run.firsts) THEN 'over' ELSE run.class END,
    run.as_of_us, run.slack_us, recorded.number, run.firsts[recorded.number],
    run.firsts[recorded.number + 1],
    false, recorded.alive_us, run.life_us, recorded.rows_us, recorded.runtime_us
  FROM recorded
  JOIN run USING (run_key)
),
watched AS (
  SELECT
    *,
    class NOT IN ('running', 'stale') AND runtime_us = 0
      AND coalesce(greatest(alive_us, rows_us) > start_us + slack_us, false) AS stood_still,
    CASE WHEN NOT stood_still THEN runtime_us END AS watch_us,
    class NOT IN ('running', 'stale')
      AND coalesce(rows_us > start_us + watch_us + slack_us, false) AS suspended
  FROM judged
),
single AS (
  SELECT
    run_key, as_of_us, number, start_us, stood_still, suspended, watch_us,
    CASE
      WHEN class = 'running' THEN 'open'
      WHEN class = 'stale' THEN 'stale_heartbeat'
      WHEN suspended AND alive_us BETWEEN rows_us AND rows_us + slack_us THEN 'heartbeat'
      WHEN suspended THEN 'last_metric'
      WHEN watch_us IS NOT NULL THEN 'runtime'
      WHEN alive_us >= start_us THEN 'heartbeat'
      WHEN rows_us >= start_us THEN 'last_metric'
      ELSE 'unknown'
    END AS end_source,
    -- A local session ends at the latest when the next begins.
    least(next_us, CASE end_source
      WHEN 'stale_heartbeat' THEN life_us
      WHEN 'runtime' THEN start_us + watch_us
      WHEN 'heartbeat' THEN alive_us
      WHEN 'last_metric' THEN rows_us
      WHEN 'unknown' THEN start_us
    END) AS end_us
  FROM watched
),
turn AS (
  SELECT
    * EXCLUDE firsts,
    unnest(firsts) AS begin_us,
    unnest(range(1, len(firsts) + 1)) AS number,
    unnest(firsts[2:] || [NULL]) AS next_us
  FROM (
    SELECT
      run_key, as_of_us, firsts, firsts[1] AS first_us, last_end_us, last_end_source,
      CASE WHEN launches = 'in_turn' AND left_us IS NOT NULL THEN greatest(0, left_us) END AS share_us
    FROM run
    WHERE launches IN ('in_turn', 'watch_restarted')
  )
),
raw_session AS (
  SELECT
    run_key, number, start_us, end_us, end_source, false AS estimated, stood_still, suspended,
    watch_us
  FROM single
  UNION ALL
  -- The remaining runtime is shared out in order; if it is not known, a session lasts until the
  -- next begins.
  SELECT
    run_key, number, begin_us,
    CASE
      WHEN next_us IS NULL THEN last_end_us
      WHEN share_us IS NULL THEN next_us
      ELSE begin_us + least(share_us, next_us - first_us) - least(share_us, begin_us - first_us)
    END,
    CASE
      WHEN next_us IS NULL THEN last_end_source
      WHEN share_us IS NULL THEN 'next_session'
      ELSE 'runtime_share'
    END,
    next_us IS NOT NULL, false, false, NULL
  FROM turn
  UNION ALL
  -- The first of several launches that worked at once lasts to the end, with the others beside it.
  SELECT run_key, 1, start_us, last_end_us, last_end_source, true, false, false, NULL
  FROM run
  WHERE launches = 'at_once'
)
SELECT
  * EXCLUDE (known_end_us, as_of_us, slack_us, watch_us),
  (CASE WHEN suspended THEN least(watch_us, end_us - start_us) ELSE end_us - start_us END)::BIGINT
    AS active_us,
  known_end_us IS NULL AS open,
  coalesce(known_end_us < start_us OR known_end_us - as_of_us > slack_us, false) AS clock
FROM (
  SELECT
    session.* EXCLUDE (end_us) REPLACE (number::INTEGER AS number),
    session.end_us AS known_end_us,
    run.scholar_key, run.as_of_us, run.slack_us,
    -- A wrong clock gives a session of zero length, and nothing extends past as_of.
    greatest(start_us, least(coalesce(session.end_us, run.as_of_us), run.as_of_us)) AS end_us
  FROM raw_session AS session
  JOIN (SELECT run_key, scholar_key, as_of_us, slack_us FROM run) AS run USING (run_key)
  WHERE session.start_us <= run.as_of_us
)
