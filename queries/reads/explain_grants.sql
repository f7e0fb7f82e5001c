-- title: Explanation: grants
-- One row per grant to the group dated inside the window, with its credits: null if it is dated
-- after the last day of the data, because it is not granted yet. All grants count for the
-- programme.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: scope | STRUCT | what the viewer may see
SELECT date AS day, target, CASE WHEN date <= last_day THEN credits END AS credits
FROM credit_grant, (
  SELECT local_day(any_value(timezone), epoch_us(max(as_of))) AS last_day FROM project, setting
)
WHERE ($by = 'programme' OR kind = $by AND target = $group_id::VARCHAR)
  AND may_see_group($scope, $by, target, target, NULL)
  AND ($from_day::DATE IS NULL OR date >= $from_day::DATE)
  AND ($to_day::DATE IS NULL OR date < $to_day::DATE)
ORDER BY day, credits, target
