-- title: Archive derived data
-- Deletes the weekly figures before the kept weeks (`kept_from`), so that they do not count as changed, and the
-- names of people who are neither in the roster nor have a run (`kept_person`). The next derivation
-- makes everything else again.
DELETE FROM derived.weekly WHERE week_start < (SELECT week FROM kept_from);

DELETE FROM scholar_number WHERE name NOT IN (FROM kept_person) AND kind <> 'nobody';

DELETE FROM known_name
WHERE scholar NOT IN (
  FROM kept_person
  UNION ALL
  SELECT scholar FROM known_name WHERE kind = 'usernames' AND name IN (FROM kept_person));

UPDATE derived_with SET fingerprint = ''
