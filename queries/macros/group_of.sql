-- title: Which group a row counts for
-- The scholar, the stream, or the programme, as `chosen` says.
CREATE OR REPLACE MACRO group_of(chosen, scholar, stream) AS
CASE chosen WHEN 'scholar' THEN scholar WHEN 'stream' THEN stream ELSE 'programme' END
