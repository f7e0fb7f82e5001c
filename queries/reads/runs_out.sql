-- title: When credits run out
-- One row per group with grants, from the daily balance up to the end of one day: the credits left,
-- and the day on which they would run out at the pace of the last 14 days, and of the last 7. There
-- is no such day if nothing is left or nothing was spent.
-- param: by | VARCHAR | stream or programme
-- param: at_day | DATE | the last day that counts
-- param: scope | STRUCT | what the viewer may see
WITH pace_of AS (
  SELECT
    group_id,
    last(balance ORDER BY day) AS credits_left,
    sum(spent) FILTER (day > $at_day::DATE - pace().days) / pace().days AS burn_per_day,
    sum(spent) FILTER (day > $at_day::DATE - 7) / 7 AS burn_of_week
  FROM balance
  WHERE day <= $at_day::DATE AND may_see_group($scope, $by, group_id, group_id, NULL)
  GROUP BY group_id
  HAVING sum(granted) > 0
)
SELECT
  group_id, credits_left, burn_per_day,
  CASE WHEN credits_left > 0 AND burn_per_day > 0 AND credits_left / burn_per_day < pace().century
    THEN $at_day::DATE + 1 + floor(credits_left / burn_per_day)::INTEGER END AS runs_out_on,
  CASE WHEN credits_left > 0 AND burn_of_week > 0 AND credits_left / burn_of_week < pace().century
    THEN $at_day::DATE + 1 + floor(credits_left / burn_of_week)::INTEGER END AS runs_out_on_week_pace
FROM pace_of
ORDER BY group_id
