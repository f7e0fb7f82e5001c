-- title: A person's figure, with values under 5 randomised
-- Values from 5 on stay as they are. A smaller value becomes 5 with probability value / 5, and 0
-- otherwise, so that sums are right on average. The outcome depends on a hash of `words`, which
-- nobody can guess.
CREATE OR REPLACE MACRO small_by_chance(value, words) AS
CASE
  WHEN value >= 5 THEN value
  ELSE 5 * floor(value / 5 + ('0x' || substr(sha256(words), 1, 12))::UBIGINT / 281474976710656)
END
