-- title: Launches by automation
-- One row per kind of group, group and period with launches by automation: what stands beside the
-- figures about people, which leave it out. The roster says which runs are automated.
-- params: metrics/volume
-- key: kind, group_id, period_start
-- actor: automation
-- order: 2
-- metric: automated_started | experiments | Experiments started by automation | Experiments that an agent or scheduler launched, by the day of their launch. No figure about people includes them.
--   adds: 1 from experiments where starts_inside
-- metric: automated_concluded | experiments | Experiments concluded by automation | Experiments that an agent or scheduler launched, with a result in the window and the outcome success or partial.
--   adds: 1 from experiments where result_inside and outcome in ('success', 'partial')
WITH placed AS (
  SELECT
    kind,
    group_of(kind, scholar.scholar, stream.stream) AS group_id,
    period_of($period, fact.day) AS period_start,
    fact.experiments_started, fact.experiments_concluded
  FROM day_fact AS fact
  JOIN acting('actor', 'automation') AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key),
  (SELECT unnest($kinds::VARCHAR[]) AS kind)
  -- stream_key 0 covers all experiments of an automation, other values only those of that stream.
  WHERE (kind = 'stream' OR $within::VARCHAR IS NOT NULL) = (fact.stream_key <> 0)
    AND row_counts(
      $scope, kind, scholar.scholar, scholar.attributed, stream.stream, $within, fact.day,
      $period, $periods, $from_day, $to_day, $groups, $groups_until)
)
SELECT
  kind, group_id, period_start,
  sum(experiments_started)::BIGINT AS automated_started,
  sum(experiments_concluded)::BIGINT AS automated_concluded
FROM placed
GROUP BY kind, group_id, period_start
