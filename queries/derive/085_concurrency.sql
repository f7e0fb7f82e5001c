-- title: Concurrency
-- table: concurrency | kept by scholar | published
-- A row a stretch [start, end) in which a scholar had something in flight: how many experiments
-- and how many runs.
SELECT scholar_key, at_us AS start_us, until_us AS end_us, experiments, runs
FROM swept
WHERE stream_key = 0 AND experiments > 0
