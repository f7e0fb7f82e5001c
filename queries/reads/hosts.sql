-- title: Hosts
-- One row per host name, as reported by runs, with the number of runs.
-- param: scope | STRUCT | what the viewer may see
SELECT run.host, count(*) AS runs
FROM run
JOIN actor AS scholar USING (scholar_key)
LEFT JOIN stream USING (stream_key)
WHERE run.host IS NOT NULL AND may_see($scope, scholar.scholar, stream.stream)
GROUP BY run.host
ORDER BY run.host
