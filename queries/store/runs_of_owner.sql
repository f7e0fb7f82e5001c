-- title: How much each scholar weighs
-- The number of runs of each scholar and of their automation together.
SELECT actor.owner_key, count(run_scholar.run_key) AS runs
FROM actor
LEFT JOIN run_scholar USING (scholar_key)
GROUP BY actor.owner_key
