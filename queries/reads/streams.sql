-- title: Streams
-- One row per stream, in roster order: the streams that the viewer may see, and those of scholars
-- that the viewer sees whole.
-- param: scope | STRUCT | what the viewer may see
SELECT stream, name
FROM stream
WHERE may_see($scope, NULL, stream)
  OR stream_key IN (
    SELECT link.stream_key
    FROM (
      SELECT scholar_key, stream_key FROM membership
      UNION
      SELECT scholar_key, stream_key FROM experiment
    ) AS link
    JOIN actor AS scholar USING (scholar_key)
    WHERE may_see($scope, scholar.scholar, NULL)
  )
ORDER BY stream_key
