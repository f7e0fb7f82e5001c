-- title: Does a row count in the requested figures?
-- Whether a row of a scholar, stream and day counts for a kind of group: it is in the window, the
-- requested periods, groups and stream, and the viewer may see it. Users who are not in the roster
-- count in the programme only.
CREATE OR REPLACE MACRO row_counts(
  viewer, kind, scholar, attributed, stream, within_stream, day,
  period, periods, from_day, to_day, only_groups, groups_until
) AS
(kind <> 'stream' OR stream IS NOT NULL)
AND (kind = 'programme' OR attributed)
AND (within_stream::VARCHAR IS NULL OR stream = within_stream::VARCHAR)
AND may_see_group(viewer, kind, scholar, stream, within_stream::VARCHAR)
AND (from_day::DATE IS NULL OR day >= from_day::DATE)
AND (to_day::DATE IS NULL OR day < to_day::DATE)
AND (only_groups::VARCHAR[] IS NULL
  OR list_contains(only_groups::VARCHAR[], group_of(kind, scholar, stream))
  OR period_of(period, day) >= groups_until::DATE)
AND (periods::DATE[] IS NULL OR list_contains(periods::DATE[], period_of(period, day)))
