-- title: A number for a scholar's automation
-- A scholar has one number for their own launches (person), and one for those of their automation.
ALTER TABLE scholar_number ADD COLUMN actor VARCHAR DEFAULT 'person'
