-- title: How much of a day the data covers
-- The part of a local day that lies before the end of the data: 1 for a whole one, however many
-- hours it has.
CREATE OR REPLACE MACRO covered(zone, day, end_us) AS
-- A list of one, so that each border is worked out, and planned, once.
list_transform(
  [{'from_us': begin_of_day(zone, day), 'to_us': begin_of_day(zone, day + INTERVAL 1 DAY)}],
  lambda it: greatest(0, least(it.to_us, end_us) - it.from_us) / (it.to_us - it.from_us))[1]
