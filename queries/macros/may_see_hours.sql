-- title: May a person's hours of the day be seen?
-- Nights, weekends and awake hours of a scholar are shown to that person alone.
CREATE OR REPLACE MACRO may_see_hours(viewer, scholar) AS
as_viewer(viewer).hours IS NULL OR list_contains(as_viewer(viewer).hours, scholar)
