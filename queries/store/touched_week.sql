-- title: Weeks whose figures are computed again
-- The Mondays, in order, of weeks in which a row of the scholars in scope changed, and of all weeks
-- from the last derived week on, because as_of has moved since. If a group now begins earlier, the
-- weeks of zeros in between are included.
WITH changed AS (
  SELECT day FROM changed_rows('temp.day_fact', 'derived.day_fact')
  UNION ALL SELECT start_day FROM changed_rows('temp.loop', 'derived.loop')
  UNION ALL SELECT result_day FROM changed_rows('temp.recovery', 'derived.recovery')
  UNION ALL SELECT start_day FROM changed_rows('temp.follower', 'derived.follower')
  UNION ALL
  -- A chain counts on the day of its head, which may not have changed itself.
  SELECT start_day FROM (
    SELECT * FROM (
      SELECT head.start_day, chain.head_key, chain.spare_us
      FROM chain_of('temp.follower', 'temp.experiment') AS chain
      JOIN temp.experiment AS head ON head.experiment_key = chain.head_key
      UNION ALL
      SELECT head.start_day, chain.head_key, chain.spare_us
      FROM chain_of('derived.follower', 'derived.experiment') AS chain
      JOIN derived.experiment AS head ON head.experiment_key = chain.head_key
      WHERE head.scholar_key IN (FROM scope))
    GROUP BY ALL HAVING count(*) = 1)
  UNION ALL
  -- Floating-point sums differ in their last digits if their addends do. A tenth of a microsecond
  -- is more than that, and less than any change.
  SELECT day
  FROM (SELECT * FROM derived.gpu_charge WHERE host_key IN (FROM touched_host)) AS before
  FULL JOIN temp.gpu_charge AS after USING (host_key, run_key, from_us, day)
  WHERE (
      before.to_us, before.stream_key, before.class, before.late_failure, before.gpu_type,
      before.gpus, before.unpriced_us
    ) IS DISTINCT FROM (
      after.to_us, after.stream_key, after.class, after.late_failure, after.gpu_type, after.gpus,
      after.unpriced_us)
    OR coalesce(abs(before.gpu_us - after.gpu_us) > 0.1, false)
    OR coalesce(abs(before.after_decision_us - after.after_decision_us) > 0.1, false)
    OR coalesce(
      abs(before.used_us - after.used_us) > 0.1, (before.used_us IS NULL) <> (after.used_us IS NULL))
  UNION ALL
  SELECT start_day FROM (
    SELECT run_key, stream_key, start_day, first_row_us FROM (
      FROM temp.run
      UNION ALL SELECT * FROM derived.run WHERE scholar_key IN (FROM scope))
    WHERE first_row_us IS NOT NULL
    GROUP BY ALL HAVING count(*) = 1)
  UNION ALL
  SELECT max(week_start) FROM derived.weekly
  UNION ALL
  SELECT unnest(generate_series(
    (SELECT max(week_start)::TIMESTAMP FROM derived.weekly),
    (SELECT timezone(setting.timezone, max(as_of)) FROM project),
    INTERVAL 7 DAY))::DATE
  FROM setting
),
week AS (
  SELECT DISTINCT date_trunc('week', day)::DATE AS week_start FROM changed WHERE day IS NOT NULL
),
known AS (
  SELECT kind, group_id, min(week_start) AS first_week FROM derived.weekly GROUP BY ALL
),
earlier AS (
  SELECT
    date_trunc('week', min(day)) AS from_week,
    coalesce(any_value(first_week), (SELECT max(week_start) FROM derived.weekly)) AS first_week
  FROM temp.day_fact
  JOIN scholar USING (scholar_key)
  LEFT JOIN known ON known.kind = 'scholar' AND known.group_id = scholar.scholar
  WHERE attributed
  GROUP BY scholar_key
),
begun AS (
  SELECT max(coalesce(first_week, (SELECT max(week_start) FROM derived.weekly))) AS last_begun
  FROM (
    SELECT 'programme' AS kind, 'programme' AS group_id
    UNION ALL
    SELECT 'stream', stream
    FROM stream
    WHERE stream_key IN (SELECT stream_key FROM temp.day_fact)
  )
  LEFT JOIN known USING (kind, group_id)
)
SELECT week_start FROM week
UNION
SELECT unnest(generate_series(from_week::TIMESTAMP, first_week::TIMESTAMP, INTERVAL 7 DAY))::DATE
FROM earlier
WHERE from_week < first_week
UNION
SELECT unnest(generate_series(
  (SELECT min(week_start)::TIMESTAMP FROM week), last_begun::TIMESTAMP, INTERVAL 7 DAY))::DATE
FROM begun
ORDER BY week_start
