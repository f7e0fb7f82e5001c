-- title: When a local day begins
-- Microseconds since the epoch of 00:00 of a day in a time zone: the first where clocks put back make
-- it come twice, the instant after the gap where clocks put forward leave it out.
CREATE OR REPLACE MACRO begin_of_day(zone, day) AS
CASE
  WHEN timezone(zone, timezone(zone, day::TIMESTAMP) - INTERVAL 1 HOUR) = day::TIMESTAMP
    THEN epoch_us(timezone(zone, day::TIMESTAMP)) - hour_us()
  ELSE epoch_us(timezone(zone, day::TIMESTAMP))
END
