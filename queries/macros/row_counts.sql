-- title: Does a row count in the figures that are asked for?
-- Whether a row of a scholar, stream and day counts for a kind of group: in the window, in the periods
-- and for the groups that are asked for, within one stream if one is named, and seen by the viewer.
-- Users that the roster does not name count in the programme only.
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
