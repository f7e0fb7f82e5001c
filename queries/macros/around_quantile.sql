-- title: A quantile from several neighbours
-- The mean of those of the sorted values that are at most one and a half places from the quantile's own
-- place: three of them, or four. No single value can be read from it.
CREATE OR REPLACE MACRO around_quantile(sorted, quantile) AS
list_avg(list_filter(
  sorted, lambda value, place: abs(place - 1 - (len(sorted) - 1) * quantile) <= 1.5))
