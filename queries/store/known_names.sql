-- title: Remember the names in the roster
-- Adds the roster's usernames and addresses (`roster_name`) to the known names. If all names of an
-- id now belong to one other id, it is stored as a former id of that one: the roster renamed it.
INSERT OR REPLACE INTO known_name
SELECT 'ids', known_name.scholar, any_value(roster_name.scholar)
FROM known_name
LEFT JOIN roster_name USING (kind, name)
WHERE known_name.kind <> 'ids' AND known_name.scholar NOT IN (SELECT scholar FROM roster_name)
GROUP BY known_name.scholar
HAVING count(DISTINCT coalesce(roster_name.scholar, '')) = 1 AND any_value(roster_name.scholar) IS NOT NULL;

UPDATE known_name
SET scholar = renamed.scholar
FROM known_name AS renamed
WHERE known_name.kind = 'ids' AND renamed.kind = 'ids' AND renamed.name = known_name.scholar;

INSERT OR REPLACE INTO known_name
SELECT DISTINCT kind, name, scholar
FROM roster_name
WHERE (kind, name, scholar) NOT IN (SELECT (kind, name, scholar) FROM known_name)
