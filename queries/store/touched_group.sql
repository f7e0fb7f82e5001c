-- title: Groups whose weekly figures are computed again
-- Scholars in scope, and those who share a host with one of them, because their charges may have
-- moved; every stream; and the programme.
SELECT scholar
FROM actor
WHERE scholar_key IN (FROM scope) OR scholar_key IN (SELECT scholar_key FROM temp.gpu_charge)
UNION
SELECT stream FROM stream
UNION
SELECT 'programme'
