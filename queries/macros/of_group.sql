-- title: Does a row count for a group, and may it be seen?
-- A scholar's rows for those who may see the scholar whole, a stream's for those who may see the
-- stream, and everybody's for those who may see everything. Users that the roster does not name count
-- in the programme only.
CREATE OR REPLACE MACRO of_group(chosen, wanted, viewer, scholar, attributed, stream) AS
coalesce(
  CASE chosen
    WHEN 'scholar' THEN scholar = wanted AND attributed AND may_see(viewer, scholar, NULL)
    WHEN 'stream' THEN stream = wanted AND attributed AND may_see(viewer, NULL, stream)
    ELSE may_see(viewer, NULL, NULL)
  END,
  false)
