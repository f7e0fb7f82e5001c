-- title: Time to the first logged row
-- A row a kind of group, group and period with runs, by the day of their start, of which the first logged row is
-- known: local run files tell it. Its median and 95 % limits are those of the latency medians, with
-- none under 6; nobody knows how long a run without a row would have taken, so that each one counts
-- as ended.
-- param: kinds | VARCHAR[] | kinds of group: scholar, stream, programme
-- param: period | VARCHAR | all, month, week or day
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: periods | DATE[] | only periods with these first days, null = all
-- param: groups | VARCHAR[] | only these ids, null = all
-- param: groups_until | DATE | period from which on all ids are given after all, null = never
-- param: within | VARCHAR | of scholars: only what they did in this stream, null = everything
-- param: scope | STRUCT | what the viewer may see
-- metric: first_row_hours_median | hours | First logged row, median | From a run's start to its first logged row, where that is known (local run files tell it).
WITH observation AS (
  SELECT
    {kind: kind, id: group_of(kind, scholar.scholar, stream.stream)} AS group_id,
    period_of($period, run.start_day) AS period_start,
    'first_row' AS measure, run.first_row_us AS length_us, true AS event
  FROM run
  JOIN scholar ON scholar.scholar_key = run.scholar_key
  LEFT JOIN stream ON stream.stream_key = run.stream_key,
  (SELECT unnest($kinds::VARCHAR[]) AS kind)
  WHERE run.first_row_us IS NOT NULL AND run.excluded IS NULL
    AND (kind <> 'stream' OR stream.stream IS NOT NULL)
    AND (kind = 'programme' OR scholar.attributed)
    AND ($within::VARCHAR IS NULL OR stream.stream = $within::VARCHAR)
    AND may_see_group($scope, kind, scholar.scholar, stream.stream, $within::VARCHAR)
    AND ($groups::VARCHAR[] IS NULL
      OR list_contains($groups::VARCHAR[], group_of(kind, scholar.scholar, stream.stream))
      OR period_of($period, run.start_day) >= $groups_until::DATE)
    AND ($from_day::DATE IS NULL OR run.start_day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR run.start_day < $to_day::DATE)
    AND ($periods::DATE[] IS NULL
      OR list_contains($periods::DATE[], period_of($period, run.start_day)))
)
SELECT
  group_id.kind AS kind, group_id.id AS group_id, period_start,
  n AS first_row_hours_n,
  events AS first_row_hours_events,
  median AS first_row_hours_median,
  low AS first_row_hours_low,
  high AS first_row_hours_high,
  largest AS first_row_hours_largest
FROM kaplan_meier('observation')
ORDER BY ALL
