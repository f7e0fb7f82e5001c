-- title: A viewer's scope
-- The parameter `$scope` with its types: whether the viewer sees everything; otherwise the scholars
-- that are seen whole, the streams whose own rows are seen, and whether the fixed groups of streams
-- are seen; and the scholars whose hours of the day are seen (null: all scholars).
CREATE OR REPLACE MACRO as_viewer(viewer) AS
viewer::STRUCT(
  everything BOOLEAN, scholars VARCHAR[], streams VARCHAR[], fixed_groups BOOLEAN, hours VARCHAR[])
