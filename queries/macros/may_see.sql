-- title: May this row be seen?
-- Everything, a row of one of the viewer's scholars, or a row of one of the viewer's streams.
CREATE OR REPLACE MACRO may_see(viewer, scholar, stream) AS
coalesce(
  as_viewer(viewer).everything
  OR list_contains(as_viewer(viewer).scholars, scholar)
  OR list_contains(as_viewer(viewer).streams, stream),
  false)
