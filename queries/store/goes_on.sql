-- title: Can derivation continue from the last one?
-- One row if this is the record of the last derivation, and still has every change that was read
-- then.
FROM taken_in
JOIN identity ON identity.id = taken_in.record
WHERE taken_in.change <= (SELECT coalesce(max(change), 0) FROM changed_username)
