-- title: Side by side
-- One row per kind of group, group and period: launches that followed a result of their line, the
-- launches that were ready before the result, and the hours by which the wait could have been
-- shorter. A chain counts in the period in which its first experiment was launched.
-- params: metrics/volume
-- key: kind, group_id, period_start
-- order: 4
-- metric: experiments_following | experiments | Launches after a result | Experiments that were the next launch after a result of their line, by the day of that launch.
--   adds: 1 from experiments where starts_inside and follows
-- metric: ready_launches | experiments | Launches that were ready | Launches at most 10 minutes (a setting) after a result that took at least 10 minutes: ready before the result came.
--   adds: 1 from experiments where starts_inside and ready
-- metric: ready_launch_share | share | Share of launches that were ready | Launches that were ready / launches after a result.
--   formula: ready_launches / experiments_following
-- metric: side_by_side_hours | hours | Hours that could have run side by side | The sum over chains of ready launches: the machine hours of each chain, minus its longest. The wait could have been shorter by at most this much. A short look at a result may have been the point.
--   adds: spare_hours from chains
WITH placed AS (
  SELECT
    kind,
    group_of(kind, scholar.scholar, stream.stream) AS group_id,
    period_of($period, row.start_day) AS period_start,
    row.*
  FROM (
    SELECT
      scholar_key, stream_key, start_day,
      1 AS follows, (head_key IS NOT NULL)::INTEGER AS ready, 0 AS spare_us
    FROM follower
    UNION ALL
    SELECT head.scholar_key, head.stream_key, head.start_day, 0, 0, chain.spare_us
    FROM chain_of('follower', 'experiment') AS chain
    JOIN experiment AS head ON head.experiment_key = chain.head_key
  ) AS row
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key),
  (SELECT unnest($kinds::VARCHAR[]) AS kind)
  WHERE row_counts(
    $scope, kind, scholar.scholar, scholar.attributed, stream.stream, $within, start_day,
    $period, $periods, $from_day, $to_day, $groups, $groups_until)
)
SELECT
  kind, group_id, period_start,
  sum(follows)::BIGINT AS experiments_following,
  sum(ready)::BIGINT AS ready_launches,
  sum(spare_us)::BIGINT AS side_by_side_us
FROM placed
GROUP BY kind, group_id, period_start
