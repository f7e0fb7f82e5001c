-- title: May this row be seen?
-- Everything, a row of one of the viewer's scholars, or a row of one of the viewer's streams.
CREATE OR REPLACE MACRO may_see(viewer, scholar, stream) AS
coalesce(
  (viewer::STRUCT(everything BOOLEAN, scholars VARCHAR[], streams VARCHAR[])).everything
  OR list_contains(
    (viewer::STRUCT(everything BOOLEAN, scholars VARCHAR[], streams VARCHAR[])).scholars, scholar)
  OR list_contains(
    (viewer::STRUCT(everything BOOLEAN, scholars VARCHAR[], streams VARCHAR[])).streams, stream),
  false)
