-- title: Restatements of one derivation
-- Adds the rows of `restated` that are not here yet: an interrupted derivation hands them over
-- again. If people changed, removes the values of earlier restatements of the same figures: with
-- today's values, they would reveal the difference.
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
