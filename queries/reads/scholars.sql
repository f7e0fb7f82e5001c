-- title: Scholars
-- One row per scholar of the roster (without a roster, of the data), with the streams that they have
-- not left, as far as the viewer may see them. Only the scholar can see their awake window.
-- param: scope | STRUCT | what the viewer may see
SELECT
  scholar.scholar, scholar.name, scholar.in_roster, scholar.timezone,
  CASE WHEN may_see_hours($scope, scholar.scholar) THEN scholar.awake_start_min END
    AS awake_start_min,
  CASE WHEN may_see_hours($scope, scholar.scholar) THEN scholar.awake_end_min END AS awake_end_min,
  coalesce(list(DISTINCT stream.stream ORDER BY stream.stream) FILTER (may_see($scope, scholar.scholar, stream.stream)
    AND stream.stream IS NOT NULL AND coalesce(membership.to_date > edge.last_day, true)), [])
    AS streams
FROM scholar
LEFT JOIN membership USING (scholar_key)
LEFT JOIN stream USING (stream_key)
CROSS JOIN (
  SELECT local_day(any_value(timezone), epoch_us(max(as_of))) AS last_day FROM project, setting
) AS edge
WHERE scholar.attributed
GROUP BY ALL
HAVING bool_or(may_see($scope, scholar.scholar, stream.stream))
ORDER BY scholar.scholar
