-- title: Loops of experiments
-- Takes experiments with their results (`experiments_of`), all of each line. One row per experiment
-- with a loop: the next launch N of the same line, its status, the instant up to which the reaction
-- is known, and machine, reaction and loop time, with whether each ended (event). False starts and
-- experiments with a clock flag have no loop.
CREATE OR REPLACE MACRO loops_of(experiments) AS TABLE
WITH launch AS (
  SELECT scholar_key, project_key, start_us, count(*) AS launches
  FROM query_table(experiments)
  GROUP BY ALL
),
candidate AS (
  SELECT
    core.*,
    -- The next launch excludes only the experiment itself: a twin launched at this very result
    -- counts.
    CASE WHEN result_us = start_us AND launches = 1 THEN result_us + 1 ELSE result_us END
      AS search_us
  FROM query_table(experiments) AS core
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
),
-- The reaction lasts to the next launch, for at most five days, and not beyond the end of the data.
reached AS (
  SELECT
    * EXCLUDE (search_us),
    CASE status
      WHEN 'closed' THEN next_us
      WHEN 'abandoned' THEN result_us + reaction_limit_us()
      WHEN 'awaiting' THEN as_of_us
    END AS reaction_end_us
  FROM judged
)
SELECT
  *,
  coalesce(result_us, as_of_us) - start_us AS machine_us,
  status <> 'open' AND outcome NOT IN ('killed', 'other') AS machine_event,
  reaction_end_us - result_us AS reaction_us,
  status = 'closed' AS closed_event,
  CASE WHEN status = 'open' THEN as_of_us ELSE reaction_end_us END - start_us AS loop_us
FROM reached
