-- title: Local day of an instant
-- The date, in a time zone, of an instant in microseconds since the epoch.
CREATE OR REPLACE MACRO local_day(zone, instant_us) AS
timezone(zone, make_timestamptz(instant_us))::DATE
