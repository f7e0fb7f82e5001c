-- title: Figures to date
-- One row per group, first day and number of days: the figures of those days as they are known now,
-- with the columns of the weekly figures. A group has a row even if nothing happened, but a scholar
-- none before the first activity.
-- param: by | VARCHAR | scholar, stream or programme
-- param: within | VARCHAR | for scholars: only their work in this stream, null = everything
-- param: starts | DATE[] | first local days
-- param: lengths | INTEGER[] | numbers of days, counting the first
-- param: running_from | DATE | from this first day on, a stretch is still running
-- param: scope | STRUCT | what the viewer may see
WITH stretch AS (
  SELECT start, days, start + days AS until
  FROM (SELECT unnest($starts::DATE[]) AS start), (SELECT unnest($lengths::INTEGER[]) AS days)
),
stream_asked AS (
  -- 0 for all work, -1 for a stream that does not exist.
  SELECT coalesce(
    (SELECT stream_key FROM stream WHERE stream = $within::VARCHAR),
    CASE WHEN $within::VARCHAR IS NULL THEN 0 ELSE -1 END) AS stream_key
),
known_group AS (
  SELECT stream_key AS group_key, stream AS group_id, NULL::DATE AS begun
  FROM stream
  WHERE $by = 'stream' AND may_see($scope, NULL, stream)
  UNION ALL
  SELECT 0, 'programme', NULL
  WHERE $by = 'programme' AND EXISTS (FROM scholar) AND may_see($scope, NULL, NULL)
  UNION ALL
  SELECT scholar_key, scholar, begun
  FROM scholar
  LEFT JOIN (
    SELECT scholar_key, min(day) AS begun
    FROM day_fact
    WHERE stream_key = (FROM stream_asked)
    GROUP BY ALL) USING (scholar_key)
  WHERE $by = 'scholar' AND attributed
    AND may_see_group($scope, 'scholar', scholar, NULL, $within::VARCHAR)
    -- A mentor must not learn who is in other streams.
    AND ($within::VARCHAR IS NULL OR scholar_key IN (
      SELECT scholar_key FROM membership WHERE stream_key = (FROM stream_asked)
      UNION
      SELECT scholar_key FROM day_fact WHERE stream_key = (FROM stream_asked)))
),
fact AS (
  SELECT
    CASE WHEN $by = 'scholar' THEN scholar_key ELSE stream_key END AS group_key, day,
    sum(busy_us) AS busy_us,
    sum(serial_us) AS serial_us,
    sum(runs_failed) AS runs_failed,
    sum(runs_finished + runs_failed + runs_killed + runs_preempted + runs_unknown) AS runs_ended,
    sum(experiments_concluded) AS experiments_concluded
  FROM day_fact
  JOIN scholar USING (scholar_key)
  -- Users who are not in the roster count in programme totals only.
  WHERE ($by = 'programme' OR attributed)
    AND CASE WHEN $by = 'scholar' THEN stream_key = (FROM stream_asked)
      ELSE stream_key IN (SELECT group_key FROM known_group) END
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
    (group_key, days) AS group_id, start AS period_start, measure, length_us, closed_event AS event
  FROM (
    SELECT
      CASE $by WHEN 'scholar' THEN scholar_key WHEN 'stream' THEN stream_key ELSE 0 END
        AS group_key,
      start_day, closed_event, measure,
      CASE measure WHEN 'loop' THEN loop_us ELSE reaction_working_us END AS length_us
    FROM loop
    JOIN scholar USING (scholar_key),
    (SELECT unnest(['loop', 'reaction_working']) AS measure)
    WHERE ($by = 'programme' OR attributed)
      AND ($by <> 'scholar' OR $within::VARCHAR IS NULL OR stream_key = (FROM stream_asked))
  )
  JOIN known_group USING (group_key)
  JOIN stretch ON start_day >= start AND start_day < until
  WHERE length_us IS NOT NULL
),
median AS (
  SELECT
    group_id[1] AS group_key, period_start AS start, group_id[2] AS days,
    max(n) FILTER (measure = 'loop') AS loop_n,
    max(median) FILTER (measure = 'loop') AS loop_median,
    max(n) FILTER (measure = 'reaction_working') AS reaction_n,
    max(median) FILTER (measure = 'reaction_working') AS reaction_median
  FROM kaplan_meier('observation')
  GROUP BY ALL
)
SELECT
  $by AS kind, group_id, start AS week_start, days, start >= $running_from::DATE AS running,
  coalesce(experiments_concluded, 0) AS experiments_concluded,
  failure_share(coalesce(runs_failed, 0), coalesce(runs_ended, 0)) AS failure_share,
  serial_share(coalesce(serial_us, 0), coalesce(busy_us, 0)) AS serial_share,
  loop_median AS loop_hours_median,
  coalesce(loop_n, 0)::BIGINT AS loop_hours_n,
  reaction_median AS reaction_working_hours_median,
  coalesce(reaction_n, 0)::BIGINT AS reaction_working_hours_n
FROM known_group
CROSS JOIN stretch
LEFT JOIN total USING (group_key, start, days)
LEFT JOIN median USING (group_key, start, days)
WHERE $by <> 'scholar' OR begun < start + days
ORDER BY group_key, days, start
