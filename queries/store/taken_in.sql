-- title: Progress of the derivation
-- The last change of the record that was read, and the instant up to which each project is
-- complete.
DELETE FROM taken_in;

INSERT INTO taken_in
SELECT id, (SELECT coalesce(max(change), 0) FROM changed_username) FROM identity;

DELETE FROM derived_to;

INSERT INTO derived_to SELECT project_key, as_of FROM project
