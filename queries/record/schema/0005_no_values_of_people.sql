-- title: No figures of what a roster or an erasure changed
-- Earlier versions kept them, under one reason with changes of settings.
UPDATE restatement
SET value_before = NULL, value_after = NULL, reason = 'people'
WHERE reason = 'configuration'
