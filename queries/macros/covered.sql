-- title: How much of a day the data covers
-- The part of a local day that lies before the end of the data: 1 for a whole one, however many
-- hours it has.
CREATE OR REPLACE MACRO covered(zone, day, end_us) AS
greatest(0, least(begin_of_day(zone, day + INTERVAL 1 DAY), end_us) - begin_of_day(zone, day))
  / (begin_of_day(zone, day + INTERVAL 1 DAY) - begin_of_day(zone, day))
