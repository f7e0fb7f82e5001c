-- title: How long an early failure may last
-- 2 minutes of active time, in microseconds. It is not a setting.
CREATE OR REPLACE MACRO early_us() AS
120000000
