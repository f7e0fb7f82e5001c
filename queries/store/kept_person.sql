-- title: People who stay
-- table: kept_person
-- Ids of the scholars in the roster, and the names of everybody with a run that is not archived.
SELECT scholar FROM scholar WHERE in_roster
UNION
SELECT number.name
FROM run_scholar
JOIN scholar_number AS number USING (scholar_key)
WHERE run_key NOT IN (FROM archived_run)
