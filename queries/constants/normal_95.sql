-- title: The 97.5 % quantile of the normal distribution
-- 95 % limits reach this many standard errors to either side.
CREATE OR REPLACE MACRO normal_95() AS
1.959963984540054
