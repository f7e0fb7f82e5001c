-- title: Every name in the store
-- One row per roster id, username and address of a person, in the record and in the derived tables.
-- An address has the id of its owner. A label is the id of a person, or the username of one who has
-- no id.
SELECT 'username' AS kind, username AS name, NULL AS scholar FROM raw_run WHERE username IS NOT NULL
UNION
SELECT 'username', username, NULL FROM changed_username
UNION
SELECT 'username', name, NULL FROM scholar_number WHERE kind = 'username'
UNION
SELECT 'username', name, NULL FROM known_name WHERE kind = 'usernames'
UNION
SELECT 'scholar', name, NULL FROM scholar_number WHERE kind = 'roster'
UNION
SELECT 'scholar', scholar, NULL FROM known_name
UNION
SELECT 'scholar', name, NULL FROM known_name WHERE kind = 'ids'
UNION
SELECT 'label', group_id, NULL FROM restatement WHERE kind = 'scholar'
UNION
SELECT 'label', unnest(people).scholar, NULL FROM group_week
UNION
SELECT 'email', name, scholar FROM known_name WHERE kind = 'emails'
