-- title: Active people by stream
-- One row per stream: the number of people who were busy or launched an experiment in it during a
-- window.
-- param: from_day | DATE | first day, null = all
-- param: to_day | DATE | the day after the last, null = all
-- param: scope | STRUCT | what the viewer may see
SELECT stream.stream, count(DISTINCT day_fact.scholar_key) AS people
FROM day_fact
JOIN stream USING (stream_key)
JOIN scholar USING (scholar_key)
WHERE scholar.attributed
  AND ($from_day::DATE IS NULL OR day_fact.day >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR day_fact.day < $to_day::DATE)
  AND (day_fact.busy_us > 0 OR day_fact.experiments_started > 0)
  AND may_see_group($scope, 'stream', stream.stream, stream.stream, NULL)
GROUP BY stream.stream
ORDER BY stream.stream
