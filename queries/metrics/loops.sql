-- title: Feedback loops: counts and shares
-- One row per kind of group, group and period with loops, by the day of their launch: the number of
-- loops by status, and how the hours of closed loops divide. Only the scholar can see the part
-- outside their awake window, and how much of their loops lies outside their working hours.
-- params: metrics/volume
-- key: kind, group_id, period_start
-- order: 2
-- metric: loops_closed | loops | Closed loops | Loops whose next launch came within 5 days of the result.
--   adds: 1 from loops where status = 'closed'
-- metric: loops_abandoned | loops | Abandoned loops | Loops with no launch within 5 days of the result; a separate outcome, not a slow reaction.
--   adds: 1 from loops where status = 'abandoned'
-- metric: loops_awaiting | loops | Results waiting | Results from the last 5 days with no launch after them yet.
--   adds: 1 from loops where status = 'awaiting'
-- metric: loops_open | loops | Open loops | Experiments still in flight, without a result.
--   adds: 1 from loops where status = 'open'
-- metric: machine_hours_closed | hours | Machine hours of closed loops | Hours from launch to result, summed over closed loops.
--   adds: machine_hours from loops where status = 'closed'
-- metric: reaction_hours_closed | hours | Reaction hours of closed loops | Hours from result to next launch, summed over closed loops.
--   adds: reaction_hours from loops where status = 'closed'
-- metric: reaction_share | share | Reaction share of the loop | Reaction hours / loop hours over closed loops.
--   formula: reaction_hours_closed / loop_hours_closed
-- metric: reaction_off_share | share | Reaction outside the awake window | 1 - awake reaction hours / reaction hours over closed loops.
--   formula: 1 - awake_hours_closed / reaction_hours_closed
--   private
-- metric: working_wait_hours | hours | Waiting in working hours | The scholar's working hours between result and next launch, summed over closed loops.
--   adds: reaction_working_hours from loops where status = 'closed'
-- metric: loop_machine_share | share | Machine share of the loop | Machine hours / loop hours over closed loops. The three shares of the loop add up to 1.
--   formula: machine_hours_closed / loop_hours_closed
-- metric: loop_working_wait_share | share | Working-hours share of the loop | Waiting in working hours / loop hours over closed loops.
--   formula: working_hours_closed / loop_hours_closed
--   private
-- metric: loop_off_share | share | Share of the loop in nights and days off | The rest of the loop hours: waiting outside working hours.
--   formula: 1 - (machine_hours_closed + working_hours_closed) / loop_hours_closed
--   private
-- sum: loop_hours_closed | hours | Loop hours of closed loops | Hours from launch to next launch, summed over closed loops.
--   adds: loop_hours from loops where status = 'closed'
-- sum: awake_hours_closed | hours | Awake reaction hours of closed loops | Reaction hours inside the awake window, summed over closed loops.
--   adds: reaction_awake_hours from loops where status = 'closed'
-- sum: working_hours_closed | hours | Working hours in reactions of closed loops | Reaction hours inside working hours, summed over closed loops; of a scholar, for the scholar alone.
--   adds: reaction_working_hours from loops where status = 'closed'
WITH placed AS (
  SELECT
    kind,
    group_of(kind, scholar.scholar, stream.stream) AS group_id,
    period_of($period, start_day) AS period_start,
    loop.*
  FROM loop
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key),
  (SELECT unnest($kinds::VARCHAR[]) AS kind)
  WHERE row_counts(
    $scope, kind, scholar.scholar, scholar.attributed, stream.stream, $within, start_day,
    $period, $periods, $from_day, $to_day, $groups, $groups_until)
)
SELECT
  kind, group_id, period_start,
  count(*) FILTER (status = 'closed') AS loops_closed,
  count(*) FILTER (status = 'abandoned') AS loops_abandoned,
  count(*) FILTER (status = 'awaiting') AS loops_awaiting,
  count(*) FILTER (status = 'open') AS loops_open,
  coalesce(sum(machine_us) FILTER (status = 'closed'), 0) AS machine_us_closed,
  coalesce(sum(reaction_us) FILTER (status = 'closed'), 0) AS reaction_us_closed,
  coalesce(sum(loop_us) FILTER (status = 'closed'), 0) AS loop_us_closed,
  coalesce(sum(reaction_working_us) FILTER (status = 'closed'), 0) AS working_wait_us,
  CASE WHEN kind <> 'scholar' OR may_see_hours($scope, group_id) THEN
    sum(reaction_awake_us) FILTER (status = 'closed') END AS awake_us_closed,
  CASE WHEN kind <> 'scholar' OR may_see_hours($scope, group_id) THEN
    sum(reaction_working_us) FILTER (status = 'closed') END AS working_us_closed
FROM placed
GROUP BY kind, group_id, period_start
