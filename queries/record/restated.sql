-- title: Restatements of one derivation
-- Adds the rows of `restated`, unless they are here: a derivation that is stopped hands them over again.
-- Where the people changed, earlier values of the same figures go: with today's, they would tell the same.
INSERT INTO restatement BY NAME
FROM restated
WHERE derivation > (SELECT coalesce(max(derivation), 0) FROM restatement);

UPDATE restatement
SET value_before = NULL, value_after = NULL
FROM restated
WHERE restated.reason = 'people'
  AND restated.kind = restatement.kind AND restated.group_id = restatement.group_id
  AND restated.week_start = restatement.week_start AND restated.measure = restatement.measure
  AND restated.derivation > restatement.derivation
