-- title: Feedback loops and their status
-- table: loop_core
-- One row per experiment with a loop: its result F, the next launch N of the same line, its status,
-- and the instant up to which the reaction is known. False starts and experiments with a clock flag
-- have no loop.
WITH launch AS (
  SELECT scholar_key, project_key, start_us, count(*) AS launches
  FROM experiment_core
  GROUP BY ALL
),
candidate AS (
  SELECT
    core.*,
    -- The next launch excludes only the experiment itself: a twin launched at this very result
    -- counts.
    CASE WHEN result_us = start_us AND launches = 1 THEN result_us + 1 ELSE result_us END
      AS search_us
  FROM experiment_core AS core
  JOIN launch USING (scholar_key, project_key, start_us)
  WHERE outcome <> 'false_start' AND NOT clock
),
answered AS (
  SELECT candidate.*, launch.start_us AS next_us
  FROM candidate
  ASOF LEFT JOIN launch
    ON launch.scholar_key = candidate.scholar_key AND launch.project_key = candidate.project_key
    AND launch.start_us >= candidate.search_us
),
judged AS (
  SELECT
    *,
    CASE
      WHEN result_us IS NULL THEN 'open'
      WHEN next_us - result_us <= reaction_limit_us() THEN 'closed'
      WHEN next_us IS NULL AND as_of_us - result_us <= reaction_limit_us() THEN 'awaiting'
      ELSE 'abandoned'
    END AS status
  FROM answered
)
-- The reaction lasts to the next launch, for at most five days, and not beyond the end of the data.
SELECT
  * EXCLUDE (search_us),
  CASE status
    WHEN 'closed' THEN next_us
    WHEN 'abandoned' THEN result_us + reaction_limit_us()
    WHEN 'awaiting' THEN as_of_us
  END AS reaction_end_us
FROM judged
