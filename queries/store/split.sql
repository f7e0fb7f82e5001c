-- title: The derived data of an old single-file store
-- Copies from the single file (`old`) in which an earlier version stored all tables: the numbers of
-- the scholars, and the weekly figures, to compare with those of this version. The rest is derived
-- again.
INSERT INTO scholar_number BY NAME FROM old.main.scholar_number;

INSERT INTO derived_with (fingerprint) SELECT '' FROM old.main.derived_with;

CREATE TABLE derived.weekly AS FROM old.derived.weekly
