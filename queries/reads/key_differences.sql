-- title: Keys that differ within a launch
-- One row per config key that is not ignored and that differed between runs launched together, most
-- frequent first: the number and share of the launches with several runs and this key in which it
-- differed.
-- param: scope | STRUCT | what the viewer may see
SELECT
  key,
  sum(differing)::BIGINT AS differing,
  sum(launches)::BIGINT AS launches,
  sum(differing) / sum(launches) AS differing_share
FROM key_difference
JOIN actor AS scholar USING (scholar_key)
WHERE may_see($scope, scholar.scholar, NULL)
GROUP BY key
HAVING sum(differing) > 0
ORDER BY differing DESC, differing_share DESC, key
