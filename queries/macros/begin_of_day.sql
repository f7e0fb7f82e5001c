-- title: Start of a local day
-- Microseconds since the epoch at 00:00 of a day in a time zone. If a clock change repeats 00:00,
-- the first counts; if it skips 00:00, the instant after the gap.
CREATE OR REPLACE MACRO begin_of_day(zone, day) AS
CASE
  WHEN timezone(zone, timezone(zone, day::TIMESTAMP) - INTERVAL 1 HOUR) = day::TIMESTAMP
    THEN epoch_us(timezone(zone, day::TIMESTAMP)) - hour_us()
  ELSE epoch_us(timezone(zone, day::TIMESTAMP))
END
