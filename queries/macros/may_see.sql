-- title: May the viewer see this row?
-- Yes if the viewer sees everything, or if the row belongs to one of the viewer's scholars or
-- streams.
CREATE OR REPLACE MACRO may_see(viewer, scholar, stream) AS
coalesce(
  as_viewer(viewer).everything
  OR list_contains(as_viewer(viewer).scholars, scholar)
  OR list_contains(as_viewer(viewer).streams, stream),
  false)
