-- title: Rows that a derivation changed
-- Takes a table as it is now and as it was before. The rows of the scholars in scope that are in
-- only one of the two.
CREATE OR REPLACE MACRO changed_rows(now, before) AS TABLE
SELECT *
FROM (
  FROM query_table(now)
  UNION ALL
  SELECT * FROM query_table(before) WHERE scholar_key IN (FROM scope)
)
GROUP BY ALL
HAVING count(*) = 1
