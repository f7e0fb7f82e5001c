-- title: Restated figures that are not known
-- A share or a median of a week may be not known before or after, which is no 0.

ALTER TABLE restatement ALTER COLUMN value_before DROP NOT NULL;
ALTER TABLE restatement ALTER COLUMN value_after DROP NOT NULL;
