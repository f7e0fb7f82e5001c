-- title: May this row count in what is shown?
-- Scholars may be seen whole, or within a stream that may be seen; streams where they may be seen;
-- the programme by those who see everything.
CREATE OR REPLACE MACRO may_see_group(viewer, chosen, scholar, stream, within_stream) AS
CASE chosen
  WHEN 'scholar' THEN may_see(viewer, scholar, within_stream)
  WHEN 'stream' THEN may_see(viewer, NULL, stream)
  ELSE may_see(viewer, NULL, NULL)
END
