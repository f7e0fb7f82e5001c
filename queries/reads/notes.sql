-- title: Events of the roster
-- One row per group and event that concerns it, oldest first: notes, the days of holidays, grants of
-- streams after the first, and moves of scholars to another stream. An event of the programme concerns all groups,
-- one of a stream also its members on that day, and one of a scholar only the scholar. Only viewers
-- who may see a scholar see these, and only those who may also see the stream see its notes, grants
-- and moves.
-- param: by | VARCHAR | scholar, stream or programme
-- param: groups | VARCHAR[] | only these ids, null = all
-- param: scope | STRUCT | what the viewer may see
SELECT group_id, day, week_start, text, about, target, new_phase
FROM note
WHERE kind = $by::VARCHAR
  AND ($groups::VARCHAR[] IS NULL OR list_contains($groups::VARCHAR[], group_id))
  AND CASE kind
    WHEN 'programme' THEN may_see($scope, NULL, NULL) OR as_viewer($scope).fixed_groups
    WHEN 'stream' THEN may_see($scope, NULL, group_id)
    ELSE (about NOT IN ('stream', 'grant', 'move') OR may_see($scope, group_id, target)) AND group_id IN (
      SELECT scholar.scholar
      FROM scholar
      LEFT JOIN membership USING (scholar_key)
      LEFT JOIN stream USING (stream_key)
      WHERE may_see($scope, scholar.scholar, stream.stream))
  END
ORDER BY group_id, day, position, about, target
