-- title: Feedback loops
-- table: loop | kept
-- A row an experiment that has a loop: signal F, next launch N of the same line, status, and for
-- machine, reaction, awake reaction and loop the time with whether it ended (event) or was only
-- seen so far (censored). False starts and experiments with a clock flag have no loop.
WITH launch AS (
  SELECT scholar_key, project_key, start_us, count(*) AS launches
  FROM experiment_core
  GROUP BY ALL
),
candidate AS (
  SELECT
    core.*,
    -- "Another" leaves out the experiment alone: a twin launched at this very signal counts.
    CASE WHEN signal_us = start_us AND launches = 1 THEN signal_us + 1 ELSE signal_us END
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
      WHEN signal_us IS NULL THEN 'open'
      WHEN next_us - signal_us <= 432000000000 THEN 'closed'
      WHEN next_us IS NULL AND as_of_us - signal_us <= 432000000000 THEN 'awaiting'
      ELSE 'abandoned'
    END AS status
  FROM answered
),
spanned AS (
  -- The span of reaction: to the next launch, five days on, or as far as the data goes.
  SELECT
    *,
    CASE status
      WHEN 'closed' THEN next_us
      WHEN 'abandoned' THEN signal_us + 432000000000
      WHEN 'awaiting' THEN as_of_us
    END AS reaction_end_us
  FROM judged
),
instant AS (
  SELECT DISTINCT scholar_key, unnest([signal_us, reaction_end_us]) AS at_us
  FROM spanned
  WHERE signal_us IS NOT NULL
),
awake AS (
  -- Awake time from the calendar's beginning to each instant.
  SELECT
    instant.scholar_key, instant.at_us,
    calendar.before_us
      + least(instant.at_us, calendar.end_us) - calendar.start_us AS awake_us
  FROM (
    SELECT instant.*, scholar.timezone, scholar.awake_start_min, scholar.awake_end_min
    FROM instant
    JOIN scholar USING (scholar_key)
  ) AS instant
  ASOF LEFT JOIN awake_calendar AS calendar
    ON calendar.timezone = instant.timezone
    AND calendar.awake_start_min = instant.awake_start_min
    AND calendar.awake_end_min = instant.awake_end_min
    AND calendar.start_us <= instant.at_us
)
SELECT
  spanned.experiment_key, spanned.scholar_key, spanned.project_key, spanned.stream_key,
  spanned.start_us, spanned.signal_us, spanned.next_us, spanned.outcome, spanned.status,
  local_day(setting.timezone, spanned.start_us) AS start_day,
  coalesce(signal_us, as_of_us) - start_us AS machine_us,
  status <> 'open' AND outcome NOT IN ('killed', 'other') AS machine_event,
  reaction_end_us - signal_us AS reaction_us,
  awake_end.awake_us - awake_start.awake_us AS reaction_awake_us,
  status = 'closed' AS closed_event,
  CASE WHEN status = 'open' THEN as_of_us ELSE reaction_end_us END - start_us AS loop_us
FROM spanned
LEFT JOIN awake AS awake_start
  ON awake_start.scholar_key = spanned.scholar_key AND awake_start.at_us = spanned.signal_us
LEFT JOIN awake AS awake_end
  ON awake_end.scholar_key = spanned.scholar_key AND awake_end.at_us = spanned.reaction_end_us,
setting
