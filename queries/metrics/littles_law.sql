-- title: Little's-law residual
-- One row per group and period: the difference between the run hours in the daily facts and those
-- of the runs' own sessions in the period. If it is 0, mean runs in flight = arrivals x mean
-- duration holds, including at the edges of the period.
-- param: by | VARCHAR | scholar, stream or programme
-- param: period | VARCHAR | all, month, week or day
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: groups | VARCHAR[] | only these ids, null = all
-- param: scope | STRUCT | what the viewer may see
-- actor: all
-- order: 14
-- metric: littles_law_residual_hours | hours | Little's-law residual | Run hours in the daily facts minus the hours of the runs' own sessions in the window; anything except 0 is a bug in this tool.
WITH entry AS (
  SELECT
    scholar_key, CASE WHEN $by = 'stream' THEN stream_key END AS stream_key, day, run_us AS length_us
  FROM day_fact
  WHERE ($by = 'stream') = (stream_key <> 0)
  UNION ALL
  SELECT scholar_key, stream_key, day, from_us - to_us FROM gpu_charge WHERE leads
),
placed AS (
  SELECT
    group_of($by, scholar.scholar, stream.stream) AS group_id,
    period_of($period, entry.day) AS period_start,
    entry.length_us
  FROM entry
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE ($by <> 'stream' OR stream.stream IS NOT NULL)
    AND ($by = 'programme' OR scholar.attributed)
    AND may_see_group($scope, $by, scholar.scholar, stream.stream, NULL)
    AND ($by <> 'scholar' OR $period <> 'day' OR may_see_hours($scope, scholar.scholar))
    AND ($from_day::DATE IS NULL OR entry.day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR entry.day < $to_day::DATE)
    AND ($groups::VARCHAR[] IS NULL
      OR list_contains($groups::VARCHAR[], group_of($by, scholar.scholar, stream.stream)))
)
SELECT group_id, period_start, sum(length_us) / hour_us() AS littles_law_residual_hours
FROM placed
GROUP BY group_id, period_start
ORDER BY group_id, period_start
