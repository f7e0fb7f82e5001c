-- title: A viewer's scope
-- The parameter `$scope` with its types: everything; else scholars seen whole, streams whose own rows
-- are seen, and whether the fixed groups of streams are; and the scholars whose hours of the day are
-- seen, null for everybody's.
CREATE OR REPLACE MACRO as_viewer(viewer) AS
viewer::STRUCT(
  everything BOOLEAN, scholars VARCHAR[], streams VARCHAR[], fixed_groups BOOLEAN, hours VARCHAR[])
