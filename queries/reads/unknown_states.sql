-- title: Unknown state words
-- One row per first word of a state without a class, as the source writes it, with the number of
-- its runs.
-- param: scope | STRUCT | what the viewer may see
SELECT coalesce(nullif(regexp_extract(run.state, '\S+'), ''), '(none)') AS word, count(*) AS runs
FROM run
JOIN actor AS scholar USING (scholar_key)
LEFT JOIN stream USING (stream_key)
WHERE list_contains(run.flags, 'unknown_state') AND may_see($scope, scholar.scholar, stream.stream)
GROUP BY word
ORDER BY runs DESC, word
