-- title: Usernames and GPU types
-- One row per W&B username and GPU type, as reported by runs, with the number of runs.
-- param: scope | STRUCT | what the viewer may see
SELECT label.username, run.gpu_type, count(*) AS runs
FROM run
JOIN run_label AS label USING (run_key)
JOIN actor AS scholar USING (scholar_key)
LEFT JOIN stream USING (stream_key)
WHERE may_see($scope, scholar.scholar, stream.stream)
GROUP BY ALL
ORDER BY ALL
