-- title: Erase a person from what was derived
-- Everything else of a person (`person` holds their names) goes when everybody is derived again.
DELETE FROM scholar_number
WHERE kind <> 'nobody' AND name IN (FROM person);

DELETE FROM restated
WHERE kind = 'scholar' AND group_id IN (FROM person);

UPDATE derived_with SET fingerprint = ''
