-- title: Erase a person from the derived data
-- Everything else about a person (`person`: kind and name) goes when all scholars are derived
-- again.
DELETE FROM scholar_number
WHERE (kind = 'roster' AND name IN (SELECT name FROM person WHERE kind = 'scholars'))
  OR (kind = 'username' AND name IN (SELECT name FROM person WHERE kind = 'usernames'));

DELETE FROM known_name
WHERE scholar IN (SELECT name FROM person WHERE kind = 'scholars')
  OR (kind, name) IN (SELECT (kind, name) FROM person);

DELETE FROM restated
WHERE kind = 'scholar' AND group_id IN (SELECT name FROM person WHERE kind = 'labels');

UPDATE derived_with SET fingerprint = '', roster = ''
