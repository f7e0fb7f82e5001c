-- title: How long a result may wait
-- 5 days, in microseconds: whatever is launched later is no answer to it. No setting.
CREATE OR REPLACE MACRO reaction_limit_us() AS
432000000000
