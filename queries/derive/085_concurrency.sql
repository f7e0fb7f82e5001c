-- title: Concurrency
-- table: concurrency | kept by scholar | published
-- One row per stretch [start, end) in which a scholar had a run in flight: the number of
-- experiments and of runs.
SELECT scholar_key, at_us AS start_us, until_us AS end_us, experiments, runs
FROM swept
WHERE stream_key = 0 AND experiments > 0
