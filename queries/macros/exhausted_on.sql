-- title: The day on which credits run out
-- The local day that is one runway after an instant, such as the end of the data; null if no credits
-- are left, none are spent, or the runway is a century.
CREATE OR REPLACE MACRO exhausted_on(zone, instant_us, credits_left, burn_per_day) AS
CASE WHEN credits_left > 0 AND burn_per_day > 0 AND credits_left / burn_per_day < pace().century THEN
  local_day(zone, instant_us + (credits_left / burn_per_day * 86400000000)::BIGINT) END
