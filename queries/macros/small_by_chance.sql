-- title: A figure of one person, where a small one is 0 or 5 by chance
-- From 5 on as it is. Below, 5 with a chance of value / 5 and else 0, so that sums are right on average.
-- The chance is that of `words`, which nobody can guess.
CREATE OR REPLACE MACRO small_by_chance(value, words) AS
CASE
  WHEN value >= 5 THEN value
  ELSE 5 * floor(value / 5 + ('0x' || substr(sha256(words), 1, 12))::UBIGINT / 281474976710656)
END
