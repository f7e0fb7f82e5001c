-- title: Does a row count for a group, and may the viewer see it?
-- The rows of a scholar or a stream need the right to see the scholar or stream whole, and the
-- programme's rows the right to see everything. Users who are not in the roster count in the
-- programme only.
CREATE OR REPLACE MACRO of_group(chosen, wanted, viewer, scholar, attributed, stream) AS
coalesce(
  CASE chosen
    WHEN 'scholar' THEN scholar = wanted AND attributed AND may_see(viewer, scholar, NULL)
    WHEN 'stream' THEN stream = wanted AND attributed AND may_see(viewer, NULL, stream)
    ELSE may_see(viewer, NULL, NULL)
  END,
  false)
