-- title: When a run starts, and which clocks count
-- table: run_clock
-- One row per run: its start, by the client's clock unless the server's contradicts it, and the
-- signs of life that count. A client's clock is used as a whole or not at all. If its start is
-- before 2015, after the last heartbeat, or before the creation of a run that the server saw from
-- beginning to end, all its times are moved so that the start is the creation.
WITH first AS (
  SELECT
    reported.*,
    setting.stale_us AS slack_us,
    setting.together_us,
    source <> 'files' AS served,
    coalesce(starts[1], stamp_us, CASE
      WHEN runtime_us < longest_runtime_us()
        AND (NOT served OR last_row_us < created_us - setting.stale_us) THEN last_row_us - runtime_us
    END) AS first_us
  FROM run_reported AS reported, setting
),
held AS (
  SELECT
    *,
    CASE
      WHEN coalesce(first_us, created_us) < 1420070400000000
        AND (NOT served OR created_us >= 1420070400000000) THEN 'clock_unset'
      WHEN NOT served THEN NULL
      WHEN greatest(first_us, last_row_us) > heartbeat_us + slack_us THEN 'clock_ahead'
      WHEN first_us < created_us - slack_us AND NOT offline AND heartbeat_us - created_us > slack_us
        AND heartbeat_us - created_us + together_us
          >= greatest(runtime_us, last_row_us - first_us, 0) THEN 'clock_behind'
    END AS clock_flag
  FROM first
),
moved AS (
  SELECT
    * REPLACE (
      list_transform(starts, lambda it: it + shift_us) AS starts,
      last_row_us + shift_us AS last_row_us),
    coalesce(first_us + shift_us, created_us) AS begun_us,
    CASE
      WHEN clock_flag IS NOT NULL THEN 'created'
      WHEN len(starts) > 0 THEN 'environment'
      WHEN stamp_us IS NOT NULL THEN 'stamp'
      WHEN first_us IS NOT NULL THEN 'rows'
      ELSE 'created'
    END AS begun_source
  FROM (
    SELECT
      *, CASE WHEN clock_flag IS NOT NULL AND served THEN created_us - first_us ELSE 0 END AS shift_us
    FROM held
  )
),
late AS (
  -- Uploaded after its end: the heartbeat belongs to the upload. It is not a sign of life and sets
  -- no limit.
  SELECT
    *,
    served AND begun_us < created_us - slack_us AS late,
    CASE WHEN served AND begun_us >= created_us - slack_us THEN heartbeat_us END AS bound_us
  FROM moved
),
watched AS (
  SELECT
    *,
    coalesce(begun_us + runtime_us > bound_us + slack_us, false) AS too_long,
    too_long AND created_us < begun_us - slack_us
      AND created_us + runtime_us <= bound_us + slack_us AS watch_tells_lost
  FROM late
),
lost AS (
  SELECT
    * REPLACE (CASE WHEN watch_tells_lost OR NOT too_long THEN runtime_us END AS runtime_us),
    watch_tells_lost
      OR (served AND resumed AND len(starts) = 1 AND created_us < starts[1] - slack_us)
      AS writer_lost,
    runtime_negative OR (too_long AND NOT watch_tells_lost) AS runtime_refuted
  FROM watched
),
started AS (
  SELECT
    *,
    CASE WHEN writer_lost THEN created_us ELSE begun_us END AS start_us,
    CASE WHEN writer_lost THEN 'created' ELSE begun_source END AS start_source
  FROM lost
),
bounded AS (
  -- A row before the start does not end the run: later steps compare rows with the start.
  SELECT
    *,
    CASE WHEN coalesce(last_row_us <= bound_us + slack_us, true) THEN last_row_us END AS rows_us
  FROM started
),
living AS (
  SELECT
    *,
    CASE WHEN late OR heartbeat_us IS NULL THEN greatest(start_us, rows_us, start_us + runtime_us)
      ELSE heartbeat_us END AS life_us
  FROM bounded
),
classed AS (
  SELECT
    *,
    CASE
      WHEN never_began THEN 'pending'
      WHEN word <> 'running' THEN word
      WHEN as_of_us - greatest(life_us, heartbeat_us) <= slack_us THEN 'running'
      ELSE 'stale'
    END AS class
  FROM living
)
SELECT
  * EXCLUDE (
    first_us, begun_us, begun_source, stamp_us, last_row_us, too_long, watch_tells_lost,
    runtime_negative, word, bound_us),
  -- The heartbeat, if it is a sign of life.
  CASE WHEN NOT late THEN heartbeat_us END AS alive_us,
  word = 'unknown' AND NOT never_began AS unknown_state,
  -- Every process that left a trace in the run.
  list_filter(
    CASE WHEN writer_lost THEN [created_us] ELSE [] END
      || CASE WHEN len(starts) > 0 THEN starts ELSE [begun_us] END,
    lambda it: NOT served OR late OR class = 'running' OR it <= start_us
      OR coalesce(it <= heartbeat_us + slack_us, true)) AS writer_starts
FROM classed
