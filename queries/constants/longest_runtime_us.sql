-- title: The longest runtime
-- Ten years, in microseconds: a longer one tells neither a start nor an end. It is not a setting.
CREATE OR REPLACE MACRO longest_runtime_us() AS
315360000000000
