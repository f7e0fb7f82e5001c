-- title: Restatements of one derivation
-- Adds the rows of `restated`, unless they are here: a derivation that is stopped hands them over again.
INSERT INTO restatement BY NAME
FROM restated
WHERE derivation > (SELECT coalesce(max(derivation), 0) FROM restatement)
