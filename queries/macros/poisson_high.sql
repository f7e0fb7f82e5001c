-- title: Upper Poisson limit
-- Garwood's exact upper 95 % limit for the mean after n observed events: the mean at which n or
-- fewer events have probability 0.025, by Newton's method from the Wilson-Hilferty approximation.
CREATE OR REPLACE MACRO poisson_high(n) AS
list_reduce(
  [
    (n + 1) * (1 - 1 / (9 * (n + 1)) + normal_95() / (3 * sqrt(n + 1))) ** 3,
    0.0, 0, 0, 0, 0, 0, 0
  ],
  lambda mean, step: mean + (
    list_sum(list_transform(
      range(0, least(n + 1, (40 + 10 * sqrt(n))::BIGINT)),
      lambda k: exp((n - k) * ln(mean) - mean - lgamma(n - k + 1)))) - 0.025
  ) / exp(n * ln(mean) - mean - lgamma(n + 1)))
