-- title: Keep the names of the roster
-- Adds the roster's usernames and addresses (`roster_name`) to those that are known.
INSERT OR REPLACE INTO known_name
SELECT DISTINCT kind, name, scholar
FROM roster_name
WHERE (kind, name, scholar) NOT IN (SELECT (kind, name, scholar) FROM known_name)
