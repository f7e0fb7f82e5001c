-- title: Whose rows are derived again
-- table: scope
-- Scholars whose runs changed, and those with something running, presumed dead, not yet in the
-- data, open or awaiting: their figures move with as_of.
SELECT scholar_key
FROM changed_username
JOIN username_scholar USING (username)
UNION
SELECT scholar_key
FROM derived.run
WHERE class IN ('running', 'stale') OR excluded = 'after_as_of'
UNION
SELECT scholar_key
FROM derived.loop
WHERE status IN ('open', 'awaiting')
