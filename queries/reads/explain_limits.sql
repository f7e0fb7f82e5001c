-- title: Explanation: limits of a count
-- One row: exact Poisson (Garwood) 95 % limits of the mean of which n were counted.
-- param: n | BIGINT | how many were counted
SELECT poisson_low($n::BIGINT)::DOUBLE AS low, poisson_high($n::BIGINT)::DOUBLE AS high
