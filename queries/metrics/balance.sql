-- title: Credits left, day by day
-- One row per group and day, from the group's first grant or charge to the last day of the data:
-- the credits granted and spent that day, and the credits left at the end of it.
-- param: by | VARCHAR | scholar, stream or programme
-- param: scope | STRUCT | what the viewer may see
-- actor: all
-- order: 10
-- metric: balance | credits | Balance | Credits granted minus credits spent, up to the end of the day.
--   formula: credits_granted - credits_spent
WITH spent AS (
  SELECT
    group_of($by, scholar.scholar, stream.stream) AS group_id,
    charge.day, charge.gpu_type, sum(charge.gpu_us) AS gpu_us
  FROM gpu_charge AS charge
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE ($by <> 'stream' OR stream.stream IS NOT NULL)
    AND ($by = 'programme' OR scholar.attributed)
  GROUP BY ALL
),
edge AS (
  SELECT local_day(any_value(timezone), epoch_us(max(as_of))) AS last_day FROM project, setting
),
entry AS (
  SELECT group_id, day, 0.0 AS granted, price_of(gpu_us, rate.credits_per_gpu_hour) AS spent
  FROM spent
  ASOF LEFT JOIN gpu_rate AS rate
    ON rate.gpu_type = spent.gpu_type AND rate.from_date <= spent.day
  UNION ALL
  SELECT CASE WHEN $by = 'programme' THEN 'programme' ELSE target END, date, credits, 0.0
  FROM credit_grant, edge
  WHERE ($by = 'programme' OR kind = $by) AND date <= edge.last_day
),
reach AS (
  SELECT group_id, min(day) AS first_day FROM entry GROUP BY group_id
),
daily AS (
  SELECT
    group_id, day::DATE AS day,
    coalesce(sum(granted), 0) AS granted, coalesce(sum(spent), 0) AS spent
  FROM (
    SELECT
      group_id,
      unnest(generate_series(first_day::TIMESTAMP, last_day::TIMESTAMP, INTERVAL 1 DAY))::DATE AS day
    FROM reach, edge
  )
  LEFT JOIN entry USING (group_id, day)
  GROUP BY ALL
)
SELECT
  group_id, day, granted, spent,
  sum(granted - spent) OVER (PARTITION BY group_id ORDER BY day) AS balance
FROM daily
WHERE may_see_group($scope, $by, group_id, group_id, NULL)
ORDER BY group_id, day
