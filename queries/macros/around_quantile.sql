-- title: A quantile averaged over its neighbours
-- The mean of the sorted values at most one and a half places away from the quantile: three or four
-- of them. It reveals no single value.
CREATE OR REPLACE MACRO around_quantile(sorted, quantile) AS
list_avg(list_filter(
  sorted, lambda value, place: abs(place - 1 - (len(sorted) - 1) * quantile) <= 1.5))
