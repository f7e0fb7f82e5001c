-- title: What the snapshot was made of
-- table: taken_in
-- One row: the record, and the number of its last change that is in the snapshot.
FROM taken_in
