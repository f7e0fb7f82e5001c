-- title: An instant as the viewer may see it
-- The instant itself for those who may see the scholar's hours of the day; the start of its local
-- day for everybody else. Null stays null.
CREATE OR REPLACE MACRO seen_instant(viewer, scholar, instant_us) AS
CASE
  WHEN may_see_hours(viewer, scholar) THEN make_timestamptz(instant_us)
  WHEN instant_us IS NOT NULL THEN make_timestamptz(begin_of_day(
    (SELECT timezone FROM setting), local_day((SELECT timezone FROM setting), instant_us)))
END
