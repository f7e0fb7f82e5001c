-- title: How long a failure runs before it counts as late
-- 30 minutes of active time, in microseconds. It is not a setting.
CREATE OR REPLACE MACRO late_us() AS
1800000000
