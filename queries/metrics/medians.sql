-- title: Latency medians
-- One row per kind of group, group and period with observations: Kaplan-Meier medians, their 95 %
-- limits (Brookmeyer-Crowley, log(-log) scale) and the counts behind them. Fewer than 6 events give
-- no median. A loop counts in the period of its launch, a failure in that of its result, and a run
-- in that of its start. Only the scholar can see their awake reaction time.
-- params: metrics/volume
-- key: kind, group_id, period_start
-- order: 3
-- metric: machine_hours_median | hours | Machine time, median | From launch to result, which comes when half of an experiment's runs have finished.
--   median: machine | experiment
--   weekly: 2 | waited longer than usual for its results | waited less than usual for its results
--   compared
-- metric: reaction_hours_median | hours | Reaction time, median | From result to the next launch of the same line.
--   median: reaction | wait
--   weekly: 1 | took longer than usual to react to its results | reacted to its results sooner than usual
--   compared
-- metric: reaction_awake_hours_median | hours | Awake reaction time, median | Reaction time, counting only the scholar's awake window.
--   median: reaction_awake | wait
--   private
-- metric: reaction_working_hours_median | hours | Reaction in working hours, median | Reaction time, counting only the scholar's working hours: the awake window on working days that are neither away nor a holiday.
--   median: reaction_working | wait
--   weekly: 9 | let its results wait for more working hours than usual | let its results wait for fewer working hours than usual
-- metric: loop_hours_median | hours | Feedback loop, median | From launch to the next launch after the result: machine plus reaction.
--   median: loop | loop
--   weekly: 7 | took longer than usual from launch to launch | took less time than usual from launch to launch
--   lasting
--   compared
-- metric: recovery_hours_median | hours | Recovery, median | From a failed experiment's result to the earliest end of a finished run of the same line that started after it.
--   median: recovery | failure
-- metric: first_row_hours_median | hours | First logged row, median | From a run's start to its first logged row, if known (local run files record it).
--   median: first_row | run
WITH observation AS (
  -- Groups have numbers here, negative for streams: sorting by name takes half as long again.
  SELECT
    CASE kind WHEN 'scholar' THEN owner_key WHEN 'stream' THEN -stream_key ELSE 0 END AS group_id,
    period_of($period, day) AS period_start,
    measure, length_us, event
  FROM latency_of('loop', 'recovery', 'run')
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key),
  (SELECT unnest($kinds::VARCHAR[]) AS kind)
  WHERE length_us IS NOT NULL
    AND (measure <> 'reaction_awake' OR kind <> 'scholar' OR may_see_hours($scope, scholar.scholar))
    AND row_counts(
      $scope, kind, scholar.scholar, scholar.attributed, stream.stream, $within, day,
      $period, $periods, $from_day, $to_day, $groups, $groups_until)
),
estimate AS (
  SELECT
    CASE WHEN group_id > 0 THEN 'scholar' WHEN group_id < 0 THEN 'stream' ELSE 'programme' END AS kind,
    coalesce(scholar.scholar, stream.stream, 'programme') AS group_id,
    found.* EXCLUDE (group_id)
  FROM kaplan_meier('observation') AS found
  LEFT JOIN scholar ON scholar.scholar_key = found.group_id
  LEFT JOIN stream ON stream.stream_key = -found.group_id
)
FROM estimate
