-- title: Daily facts as they were known
-- table: day_fact
-- The daily facts of the window, with the conclusions and false starts of `known`: nothing else of a
-- past day changes when time passes.
-- param: from_day | DATE | first local day
-- param: to_day | DATE | day after the last
WITH scoped AS (
  SELECT
    known.*, unnest([0, stream_key]) AS in_stream,
    local_day(setting.timezone, start_us) AS start_day,
    local_day(setting.timezone, result_us) AS result_day
  FROM known, setting
),
concluded AS (
  SELECT scholar_key, in_stream AS stream_key, result_day AS day, count(*) AS experiments
  FROM scoped
  WHERE in_stream IS NOT NULL AND is_concluded(outcome)
  GROUP BY ALL
),
false_start AS (
  SELECT scholar_key, in_stream AS stream_key, start_day AS day, count(*) AS experiments
  FROM scoped
  WHERE in_stream IS NOT NULL AND outcome = 'false_start'
  GROUP BY ALL
)
SELECT
  fact.* REPLACE (
    coalesce(concluded.experiments, 0) AS experiments_concluded,
    coalesce(false_start.experiments, 0) AS false_starts)
FROM day_fact AS fact
LEFT JOIN concluded USING (scholar_key, stream_key, day)
LEFT JOIN false_start USING (scholar_key, stream_key, day)
WHERE day >= $from_day::DATE AND day < $to_day::DATE
