-- title: May the viewer see a figure that includes this row?
-- A scholar's figures need the right to see the scholar whole, or the stream that the figures are
-- limited to. A stream's figures need the right to see the stream, and the programme's the right to
-- see everything.
CREATE OR REPLACE MACRO may_see_group(viewer, chosen, scholar, stream, within_stream) AS
CASE chosen
  WHEN 'scholar' THEN may_see(viewer, scholar, within_stream)
  WHEN 'stream' THEN may_see(viewer, NULL, stream)
  ELSE may_see(viewer, NULL, NULL)
END
