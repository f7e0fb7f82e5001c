-- title: Credit ledger
-- One row per group with grants, charges or tokens: the credits granted and spent up to the end of the
-- data, the credits left, and how long they last at the pace of the last 14 days, and of the last 7.
-- Tokens and their dollars stand beside the credits, which pay for GPUs only.
-- For an earlier day, the same as seen at the end of it: the 14 and 7 days are the local days up to
-- it, and later days, grants and ends of runs are not known.
-- param: by | VARCHAR | scholar, stream or programme
-- param: at_day | DATE | the last day that counts, null = up to the end of the data
-- param: scope | STRUCT | what the viewer may see
-- actor: all
-- order: 9
-- metric: credits_granted | credits | Credits granted | Grants dated up to the last day of the data.
--   adds: credits from grants
-- metric: credits_spent | credits | Credits spent so far | All GPU-hours times the rates of their GPU types.
--   adds: credits from charges
-- metric: credits_left | credits | Credits left | Credits granted minus credits spent.
--   formula: credits_granted - credits_spent
-- metric: burn_per_day | credits per day | Burn | Credits spent in the 14 days up to the end of the data / 14.
--   formula: credits_recent / pace().days
-- metric: runway_days | days | Runway | Credits left / burn; negative if more was spent than granted, not known if the burn is 0.
--   formula: credits_left / burn_per_day
-- metric: exhausted_on | day | Credits run out | The local day that is one runway after the end of the data; not known if no credits are left, the burn is 0, or the day is more than a century away.
-- metric: burn_per_day_7d | credits per day | Burn of a week | Credits spent in the 7 days up to the end of the data / 7.
--   formula: credits_recent_7d / pace().week
-- metric: runway_days_7d | days | Runway at the pace of a week | Credits left / burn of the last 7 days; negative if more was spent than granted, not known if that burn is 0.
--   formula: credits_left / burn_per_day_7d
-- metric: exhausted_on_7d | day | Credits run out at the pace of a week | The local day that is one runway after the end of the data, at the pace of the last 7 days; not known as for the pace of 14.
-- metric: unpriced_hours_so_far | hours | Hours on unknown GPUs so far | Run hours of runs with an unknown GPU count, up to the end of the data. They cost nothing here, so with any, more may be spent than is known, and credits may end sooner than the day given.
--   adds: unpriced_hours from charges
-- metric: tokens_so_far | tokens | Tokens so far | Tokens of evaluations, up to the end of the data.
--   adds: tokens from tokens
-- metric: token_dollars_so_far | dollars | Dollars for tokens so far | What these tokens cost: as the log says, else at the rate of the model on that day.
--   adds: dollars from tokens
-- metric: unpriced_tokens_so_far | tokens | Tokens without a price so far | Those of models without a rate, where the log does not say what they cost either. They cost nothing here, so with any, more dollars may be spent than is known.
--   adds: tokens from tokens where dollars is null
-- sum: credits_recent | credits | Credits spent recently | Credits spent in the 14 days up to the end of the data.
--   adds: credits from recent_charges where days = 14
-- sum: credits_recent_7d | credits | Credits spent in a week | Credits spent in the 7 days up to the end of the data.
--   adds: credits from recent_charges where days = 7
WITH newest AS (
  SELECT
    any_value(timezone) AS timezone,
    epoch_us(max(as_of)) AS as_of_us,
    local_day(any_value(timezone), epoch_us(max(as_of))) AS last_day
  FROM project, setting
),
edge AS (
  SELECT timezone, as_of_us AS end_us, last_day, FALSE AS is_past
  FROM newest
  WHERE $at_day::DATE IS NULL OR last_day <= $at_day::DATE
  UNION ALL
  SELECT timezone, begin_of_day(timezone, $at_day::DATE + 1), $at_day::DATE, TRUE
  FROM newest
  WHERE last_day > $at_day::DATE
),
spent AS (
  SELECT
    scholar_key, stream_key, gpu_type, day, gpu_us,
    CASE WHEN is_past AND day > last_day - pace().days THEN gpu_us ELSE 0 END AS recent_us,
    CASE WHEN is_past AND day > last_day - pace().week THEN gpu_us ELSE 0 END AS week_us
  FROM gpu_charge, edge
  WHERE gpu_us IS NOT NULL AND day <= last_day
  UNION ALL
  SELECT
    scholar_key, stream_key, gpu_type, day, 0.0,
    CASE days WHEN pace().days THEN gpu_us ELSE 0 END,
    CASE days WHEN pace().week THEN gpu_us ELSE 0 END
  FROM recent_charge, edge
  WHERE NOT is_past
),
daily AS (
  SELECT
    group_of($by, scholar.scholar, stream.stream) AS group_id,
    spent.day, spent.gpu_type,
    sum(gpu_us) AS gpu_us, sum(recent_us) AS recent_us, sum(week_us) AS week_us
  FROM spent
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE ($by <> 'stream' OR stream.stream IS NOT NULL)
    AND ($by = 'programme' OR scholar.attributed)
  GROUP BY ALL
),
charged AS (
  SELECT
    group_id,
    sum(price_of(gpu_us, rate.credits_per_gpu_hour)) AS spent,
    sum(recent_us / hour_us() * rate.credits_per_gpu_hour) AS recent,
    sum(week_us / hour_us() * rate.credits_per_gpu_hour) AS week
  FROM daily
  ASOF LEFT JOIN gpu_rate AS rate
    ON rate.gpu_type = daily.gpu_type AND rate.from_date <= daily.day
  GROUP BY group_id
),
unpriced AS (
  SELECT
    group_of($by, scholar.scholar, stream.stream) AS group_id,
    sum(unpriced_us) / hour_us() AS hours
  FROM gpu_charge AS charge
  JOIN edge ON charge.day <= edge.last_day
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE $by = 'programme' OR scholar.attributed
  GROUP BY ALL
),
token AS (
  SELECT
    group_of($by, scholar.scholar, stream.stream) AS group_id,
    sum(tokens)::BIGINT AS tokens, sum(dollars) AS dollars,
    sum(tokens) FILTER (dollars IS NULL)::BIGINT AS unpriced
  FROM token_charge AS used
  JOIN edge ON used.day <= edge.last_day
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE ($by <> 'stream' OR stream.stream IS NOT NULL)
    AND ($by = 'programme' OR scholar.attributed)
  GROUP BY ALL
),
granted AS (
  SELECT
    CASE WHEN $by = 'programme' THEN 'programme' ELSE target END AS group_id,
    sum(credits) AS granted
  FROM credit_grant, edge
  WHERE ($by = 'programme' OR kind = $by) AND date <= edge.last_day
  GROUP BY ALL
),
ledger AS (
  SELECT
    group_id, coalesce(granted, 0) AS credits_granted, coalesce(spent, 0) AS credits_spent,
    credits_left(coalesce(granted, 0), coalesce(spent, 0)) AS credits_left,
    burn_per_day(coalesce(recent, 0)) AS burn_per_day,
    burn_per_day_7d(coalesce(week, 0)) AS burn_per_day_7d,
    coalesce(unpriced.hours, 0) AS unpriced_hours_so_far,
    coalesce(token.tokens, 0) AS tokens_so_far,
    coalesce(token.dollars, 0) AS token_dollars_so_far,
    coalesce(token.unpriced, 0) AS unpriced_tokens_so_far
  FROM granted
  FULL JOIN charged USING (group_id)
  FULL JOIN token USING (group_id)
  LEFT JOIN unpriced USING (group_id)
)
SELECT
  ledger.* EXCLUDE (
    burn_per_day_7d, unpriced_hours_so_far, tokens_so_far, token_dollars_so_far,
    unpriced_tokens_so_far),
  runway_days(credits_left, burn_per_day) AS runway_days,
  exhausted_on(edge.timezone, edge.end_us, credits_left, burn_per_day) AS exhausted_on,
  burn_per_day_7d,
  runway_days_7d(credits_left, burn_per_day_7d) AS runway_days_7d,
  exhausted_on(edge.timezone, edge.end_us, credits_left, burn_per_day_7d) AS exhausted_on_7d,
  unpriced_hours_so_far, tokens_so_far, token_dollars_so_far, unpriced_tokens_so_far
FROM ledger, edge
WHERE may_see_group($scope, $by, group_id, group_id, NULL)
ORDER BY group_id
