-- title: Users whose runs are taken in
-- Marks users (`touched`) as changed in the copy.
INSERT OR REPLACE INTO changed_username
SELECT username, nextval('change_sequence')
FROM (SELECT DISTINCT coalesce(username, '') AS username FROM touched)
