-- title: The part of a day that the data covers
-- The fraction of a local day before the end of the data: 1 for a whole day, also one with 23 or 25
-- hours.
CREATE OR REPLACE MACRO covered(zone, day, end_us) AS
-- A list with one element, so that each limit is computed, and planned, once.
list_transform(
  [{'from_us': begin_of_day(zone, day), 'to_us': begin_of_day(zone, day + INTERVAL 1 DAY)}],
  lambda it: greatest(0, least(it.to_us, end_us) - it.from_us) / (it.to_us - it.from_us))[1]
