-- title: Scholars
-- A row a scholar of the roster or, without one, of the data, and the streams they are in.
-- param: scope | STRUCT | what the viewer may see
SELECT
  scholar.scholar, scholar.name, scholar.in_roster, scholar.timezone,
  scholar.awake_start_min, scholar.awake_end_min,
  coalesce(list(DISTINCT stream.stream ORDER BY stream.stream) FILTER (stream.stream IS NOT NULL), [])
    AS streams
FROM scholar
LEFT JOIN membership USING (scholar_key)
LEFT JOIN stream USING (stream_key)
WHERE scholar.attributed
GROUP BY ALL
HAVING bool_or(may_see($scope, scholar.scholar, stream.stream))
ORDER BY scholar.scholar
