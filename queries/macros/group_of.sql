-- title: The group that a row counts for
-- The scholar, stream or programme, depending on `chosen`.
CREATE OR REPLACE MACRO group_of(chosen, scholar, stream) AS
CASE chosen WHEN 'scholar' THEN scholar WHEN 'stream' THEN stream ELSE 'programme' END
