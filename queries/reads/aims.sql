-- title: Aims of the roster
-- One row per group and measure that it wants to change, as far as the viewer may see the group.
-- param: by | VARCHAR | scholar or stream
-- param: groups | VARCHAR[] | only these ids, null = all
-- param: scope | STRUCT | what the viewer may see
SELECT group_id, measure, direction
FROM aim
WHERE kind = $by::VARCHAR
  AND ($groups::VARCHAR[] IS NULL OR list_contains($groups::VARCHAR[], group_id))
  AND CASE kind
    WHEN 'stream' THEN may_see($scope, NULL, group_id)
    ELSE group_id IN (
      SELECT scholar.scholar
      FROM scholar
      LEFT JOIN membership USING (scholar_key)
      LEFT JOIN stream USING (stream_key)
      WHERE may_see($scope, scholar.scholar, stream.stream))
  END
ORDER BY group_id, measure
