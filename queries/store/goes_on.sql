-- title: Does the record go on from what was derived?
-- A row if it is the one that was derived last, with all of the changes that were taken in then.
FROM taken_in
JOIN identity ON identity.id = taken_in.record
WHERE taken_in.change <= (SELECT coalesce(max(change), 0) FROM changed_username)
