-- title: Lower Poisson limit
-- Garwood's exact lower 95 % limit for the mean after n observed events: the mean at which n or
-- more events have probability 0.025, by Newton's method from the Wilson-Hilferty approximation.
CREATE OR REPLACE MACRO poisson_low(n) AS
CASE WHEN n = 0 THEN 0 ELSE
  list_reduce(
    [n * (1 - 1 / (9 * n) - normal_95() / (3 * sqrt(n))) ** 3, 0.0, 0, 0, 0, 0, 0, 0],
    lambda mean, step: mean - (
      list_sum(list_transform(
        range(0, (40 + 10 * sqrt(n))::BIGINT),
        lambda k: exp((n + k) * ln(mean) - mean - lgamma(n + k + 1)))) - 0.025
    ) / exp((n - 1) * ln(mean) - mean - lgamma(n)))
END
