-- title: How long a result can await a reaction
-- 5 days, in microseconds: a later launch is not a reaction to the result. This is not a setting.
CREATE OR REPLACE MACRO reaction_limit_us() AS
432000000000
