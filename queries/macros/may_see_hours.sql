-- title: May the viewer see a scholar's hours of the day?
-- Only the scholar sees their nights, weekends and awake hours.
CREATE OR REPLACE MACRO may_see_hours(viewer, scholar) AS
as_viewer(viewer).hours IS NULL OR list_contains(as_viewer(viewer).hours, scholar)
