-- title: How much of a day the data covers
-- The part of a local day (a timestamp at 00:00) that lies before the end of the data: 1 for a whole
-- one, however many hours it has.
CREATE OR REPLACE MACRO covered(zone, day, end_us) AS
greatest(
  0,
  least(epoch_us(timezone(zone, day + INTERVAL 1 DAY)), end_us) - epoch_us(timezone(zone, day))
) / (epoch_us(timezone(zone, day + INTERVAL 1 DAY)) - epoch_us(timezone(zone, day)))
