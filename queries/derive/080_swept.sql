-- title: Activity, instant by instant
-- table: swept
-- One row per stretch [at, until) of a scholar, split whenever a run or experiment begins or ends,
-- an experiment is launched or a day begins: the experiments and runs active in it, and its day.
-- stream_key 0 covers all experiments of a scholar, other values only those of that stream. Both
-- counts are summed as one DOUBLE, with experiments above the 26 bits of runs. This is exact,
-- because neither count is negative at the end of an instant, and saves a sum over a window, which
-- costs more than its sorting.
WITH scoped AS (
  SELECT experiment_key, scholar_key, 0 AS stream_key, start_us FROM experiment_core
  UNION ALL
  SELECT experiment_key, scholar_key, stream_key, start_us FROM experiment_core
  WHERE stream_key IS NOT NULL
),
session_of AS (
  SELECT link.experiment_key, session.start_us, session.end_us
  FROM session
  JOIN link USING (run_key)
  WHERE session.end_us > session.start_us
),
reach AS (
  SELECT
    scoped.scholar_key, scoped.stream_key,
    local_day(any_value(setting.timezone), min(scoped.start_us)) AS from_day,
    local_day(any_value(setting.timezone), max(core.last_end_us)) AS to_day
  FROM scoped
  JOIN experiment_core AS core USING (experiment_key), setting
  GROUP BY ALL
),
event AS (
  SELECT scholar_key, stream_key, segment.start_us AS at_us, 1 AS experiments, 0 AS runs, NULL::DATE AS day
  FROM scoped JOIN segment USING (experiment_key, scholar_key)
  UNION ALL
  SELECT scholar_key, stream_key, segment.end_us, -1, 0, NULL
  FROM scoped JOIN segment USING (experiment_key, scholar_key)
  UNION ALL
  SELECT scholar_key, stream_key, session_of.start_us, 0, 1, NULL
  FROM scoped JOIN session_of USING (experiment_key)
  UNION ALL
  SELECT scholar_key, stream_key, session_of.end_us, 0, -1, NULL
  FROM scoped JOIN session_of USING (experiment_key)
  UNION ALL
  SELECT scholar_key, stream_key, start_us, 0, 0, NULL FROM scoped
  UNION ALL
  SELECT
    scholar_key, stream_key, begin_of_day(setting.timezone, day), 0, 0, day::DATE
  FROM (
    SELECT scholar_key, stream_key, unnest(generate_series(from_day, to_day, INTERVAL 1 DAY)) AS day
    FROM reach
  ), setting
),
counted AS (
  -- If several events share an instant, the last has the counts from then on.
  SELECT
    scholar_key, stream_key, at_us,
    lead(at_us) OVER ordered AS until_us,
    (sum(experiments * 67108864.0::DOUBLE + runs) OVER ordered)::BIGINT AS counts,
    last_value(day IGNORE NULLS) OVER ordered AS day
  FROM event
  WINDOW ordered AS (
    PARTITION BY scholar_key, stream_key ORDER BY at_us
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT
  * EXCLUDE (counts, day),
  (counts // 67108864)::INTEGER AS experiments, (counts % 67108864)::INTEGER AS runs, day
FROM counted
WHERE until_us IS DISTINCT FROM at_us
