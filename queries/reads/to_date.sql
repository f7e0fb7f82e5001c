-- title: Figures to date
-- One row per group, first day and number of days: the figures of those days as they are known now,
-- with the columns of the weekly figures. A group has a row even if nothing happened.
-- param: by | VARCHAR | stream or programme
-- param: starts | DATE[] | first local days
-- param: lengths | INTEGER[] | numbers of days, counting the first
-- param: running_from | DATE | from this first day on, a stretch is still running
-- param: scope | STRUCT | what the viewer may see
WITH stretch AS (
  SELECT start, days, start + days AS until
  FROM (SELECT unnest($starts::DATE[]) AS start), (SELECT unnest($lengths::INTEGER[]) AS days)
),
known_group AS (
  SELECT stream_key AS group_key, stream AS group_id
  FROM stream
  WHERE $by = 'stream' AND may_see($scope, NULL, stream)
  UNION ALL
  SELECT 0, 'programme'
  WHERE $by = 'programme' AND EXISTS (FROM scholar) AND may_see($scope, NULL, NULL)
),
fact AS (
  SELECT
    stream_key AS group_key, day,
    sum(busy_us) AS busy_us,
    sum(serial_us) AS serial_us,
    sum(runs_failed) AS runs_failed,
    sum(runs_finished + runs_failed + runs_killed + runs_preempted + runs_unknown) AS runs_ended,
    sum(experiments_concluded) AS experiments_concluded
  FROM day_fact
  JOIN scholar USING (scholar_key)
  -- Users who are not in the roster count in programme totals only.
  WHERE stream_key IN (SELECT group_key FROM known_group) AND ($by = 'programme' OR attributed)
  GROUP BY ALL
),
total AS (
  SELECT
    group_key, start, days,
    coalesce(sum(experiments_concluded), 0)::BIGINT AS experiments_concluded,
    sum(runs_failed)::BIGINT AS runs_failed, sum(runs_ended)::BIGINT AS runs_ended,
    sum(serial_us)::BIGINT AS serial_us, sum(busy_us)::BIGINT AS busy_us
  FROM known_group
  CROSS JOIN stretch
  LEFT JOIN fact USING (group_key)
  WHERE fact.day >= start AND fact.day < until
  GROUP BY ALL
),
observation AS (
  SELECT
    group_key AS group_id, start AS period_start, days AS measure,
    loop_us AS length_us, closed_event AS event
  FROM (
    SELECT
      CASE WHEN $by = 'stream' THEN stream_key ELSE 0 END AS group_key,
      start_day, loop_us, closed_event
    FROM loop
    JOIN scholar USING (scholar_key)
    WHERE $by = 'programme' OR attributed
  )
  JOIN known_group USING (group_key)
  JOIN stretch ON start_day >= start AND start_day < until
),
median AS (
  SELECT group_id AS group_key, period_start AS start, measure AS days, n, median
  FROM kaplan_meier('observation')
)
SELECT
  $by AS kind, group_id, start AS week_start, days, start >= $running_from::DATE AS running,
  coalesce(experiments_concluded, 0) AS experiments_concluded,
  failure_share(coalesce(runs_failed, 0), coalesce(runs_ended, 0)) AS failure_share,
  serial_share(coalesce(serial_us, 0), coalesce(busy_us, 0)) AS serial_share,
  median.median AS loop_hours_median,
  coalesce(median.n, 0)::BIGINT AS loop_hours_n
FROM known_group
CROSS JOIN stretch
LEFT JOIN total USING (group_key, start, days)
LEFT JOIN median USING (group_key, start, days)
ORDER BY group_key, days, start
