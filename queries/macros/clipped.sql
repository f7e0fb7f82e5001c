-- title: The part of a stretch inside a window
-- Microseconds of [start, end) between the starts of from_day and to_day, local days of a time
-- zone. A null day sets no limit.
CREATE OR REPLACE MACRO clipped(zone, start_us, end_us, from_day, to_day) AS
greatest(
  0,
  least(end_us, coalesce(begin_of_day(zone, to_day), end_us))
    - greatest(start_us, coalesce(begin_of_day(zone, from_day), start_us)))
