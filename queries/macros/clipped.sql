-- title: The part of a stretch inside a window
-- Microseconds of [start, end) inside [from, to). A null limit is none.
CREATE OR REPLACE MACRO clipped(start_us, end_us, from_us, to_us) AS
greatest(
  0, least(end_us, coalesce(to_us, end_us)) - greatest(start_us, coalesce(from_us, start_us)))
