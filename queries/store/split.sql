-- title: What was derived in a store of one file
-- Into a new file, out of the one (`old`) that an earlier version kept all its tables in: who has which
-- number, and the weekly figures, with which those of this version are compared. The rest is
-- made again.
INSERT INTO scholar_number BY NAME FROM old.main.scholar_number;

INSERT INTO derived_with (fingerprint) SELECT '' FROM old.main.derived_with;

CREATE TABLE derived.weekly AS FROM old.derived.weekly
