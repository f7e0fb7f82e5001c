-- title: No figures for changes of people
-- Earlier versions stored the figures that a new roster or an erasure changed, under the same
-- reason as changes of settings.
UPDATE restatement
SET value_before = NULL, value_after = NULL, reason = 'people'
WHERE reason = 'configuration'
