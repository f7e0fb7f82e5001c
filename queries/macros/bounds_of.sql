-- title: The instants of a window
-- Takes the table setting. One row: the starts of two local days of its time zone, in microseconds
-- since the epoch; null for a null day. Time zones are slow, so no row of a large table asks for one.
CREATE OR REPLACE MACRO bounds_of(settings, from_day, to_day) AS TABLE
SELECT begin_of_day(timezone, from_day) AS from_us, begin_of_day(timezone, to_day) AS to_us
FROM query_table(settings)
