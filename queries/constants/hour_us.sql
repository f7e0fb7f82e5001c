-- title: An hour in microseconds
-- Durations become hours in the last step only.
CREATE OR REPLACE MACRO hour_us() AS
3600000000
