-- title: Usual weekends
-- table: working_week | kept by scholar | published
-- One row per scholar and week (its Monday) from the first launch to the last end: whether Saturday
-- and Sunday were usual working days then. They were if the scholar launched on that day of the week,
-- in their own time zone, in at least 4 of the 8 whole weeks before that were not away.
WITH launch AS (
  SELECT DISTINCT
    scholar_key,
    isodow(local_day(actor.timezone, start_us)) AS weekday,
    period_of('week', local_day(setting.timezone, start_us)) AS week_start
  FROM experiment_core
  JOIN actor USING (scholar_key),
  setting
),
away AS (
  SELECT scholar_key, list(week_start) AS weeks
  FROM week_away('actor', 'day_off')
  GROUP BY scholar_key
),
week AS (
  SELECT
    scholar_key,
    unnest(generate_series(
      period_of('week', local_day(any_value(setting.timezone), min(start_us)))::TIMESTAMP,
      period_of('week', local_day(any_value(setting.timezone), max(last_end_us)))::TIMESTAMP,
      INTERVAL 7 DAY))::DATE AS week_start
  FROM experiment_core, setting
  GROUP BY scholar_key
),
asked AS (
  SELECT scholar_key, week_start, NULL AS weekday FROM week
  UNION ALL
  SELECT scholar_key, week_start, weekday FROM launch WHERE weekday >= 6
),
placed AS (
  -- Weeks away have no number.
  SELECT
    asked.*,
    date_diff('week', 'epoch'::DATE, week_start)
      - len(list_filter(coalesce(away.weeks, []), lambda it: it < week_start)) AS number,
    coalesce(list_contains(away.weeks, week_start), false) AS away
  FROM asked
  LEFT JOIN away USING (scholar_key)
)
SELECT
  week.scholar_key, week.week_start,
  count(*) FILTER (before.weekday = 6) >= usual_weekend().least AS saturdays,
  count(*) FILTER (before.weekday = 7) >= usual_weekend().least AS sundays
FROM placed AS week
LEFT JOIN placed AS before
  ON before.scholar_key = week.scholar_key AND before.week_start < week.week_start
  AND before.number >= week.number - usual_weekend().weeks
  AND before.weekday IS NOT NULL AND NOT before.away
WHERE week.weekday IS NULL
GROUP BY week.scholar_key, week.week_start
