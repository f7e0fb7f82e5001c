-- title: Scholars, their automation and their runs
-- Numbers new scholars, and their automation if they have any; assigns every run to one of these
-- numbers; and lists the scholars, all numbers with their owners, and the days on which each of
-- them is away or has a holiday.
CREATE OR REPLACE TEMP TABLE raw_username AS
SELECT coalesce(username, '') AS username, bool_or(deleted_at IS NULL) AS live
FROM raw_run
GROUP BY ALL;

INSERT INTO scholar_number
SELECT
  coalesce((SELECT max(scholar_key) FROM scholar_number), 0)
    + row_number() OVER (ORDER BY actor DESC, kind, name),
  kind, name, actor
FROM (
  SELECT 'roster' AS kind, scholar AS name, 'person' AS actor FROM roster_scholar
  UNION
  SELECT CASE username WHEN '' THEN 'nobody' ELSE 'username' END, username, 'person'
  FROM raw_username
  WHERE username NOT IN (SELECT username FROM roster_username)
  UNION
  SELECT kind, name, actor FROM run_rule
)
WHERE (kind, name, actor) NOT IN (SELECT (kind, name, actor) FROM scholar_number);

CREATE OR REPLACE TEMP TABLE username_scholar AS
SELECT roster_username.username, number.scholar_key
FROM roster_username
JOIN scholar_number AS number
  ON number.kind = 'roster' AND number.name = roster_username.scholar AND number.actor = 'person'
UNION ALL
SELECT name, scholar_key
FROM scholar_number
WHERE kind <> 'roster' AND actor = 'person'
  AND name NOT IN (SELECT username FROM roster_username);

CREATE OR REPLACE TEMP TABLE run_scholar AS
SELECT
  raw.run_key,
  coalesce(ruled.scholar_key, number.scholar_key) AS scholar_key,
  coalesce(ruled.ignored, false) AS ignored
FROM raw_run AS raw
JOIN username_scholar AS number ON number.username = coalesce(raw.username, '')
LEFT JOIN (
  FROM run_rule
  JOIN scholar_number USING (kind, name, actor)
) AS ruled USING (run_key)
WHERE raw.deleted_at IS NULL;

CREATE OR REPLACE TABLE derived.scholar AS
SELECT
  number.scholar_key,
  -- A username that is not in the roster may be the id of somebody else in it.
  CASE
    WHEN kind = 'nobody' THEN '(no user)'
    WHEN kind = 'username' AND number.name IN (SELECT scholar FROM roster_scholar)
      THEN number.name || ' (not in the roster)'
    ELSE number.name
  END AS scholar,
  coalesce(roster.name, CASE kind WHEN 'nobody' THEN '(no user)' ELSE number.name END) AS name,
  kind = 'roster' AS in_roster,
  -- With a roster, a username that is not in it counts in programme totals only.
  kind = 'roster' OR (kind = 'username' AND NOT EXISTS (FROM roster_scholar)) AS attributed,
  coalesce(roster.timezone, 'UTC') AS timezone,
  coalesce(roster.awake_start_min, 540)::INTEGER AS awake_start_min,
  coalesce(roster.awake_end_min, 1260)::INTEGER AS awake_end_min,
  roster.workdays
FROM scholar_number AS number
LEFT JOIN roster_scholar AS roster ON number.kind = 'roster' AND roster.scholar = number.name
WHERE number.actor = 'person' AND CASE kind
  WHEN 'roster' THEN roster.scholar IS NOT NULL
  -- A username without runs belongs to nobody.
  ELSE scholar_key IN (SELECT scholar_key FROM username_scholar)
    AND number.name IN (SELECT username FROM raw_username WHERE live)
END;

CREATE OR REPLACE TABLE derived.actor AS
SELECT number.scholar_key, number.actor, owner.scholar_key AS owner_key, owner.* EXCLUDE (scholar_key)
FROM scholar_number AS number
JOIN scholar_number AS person
  ON person.kind = number.kind AND person.name = number.name AND person.actor = 'person'
JOIN derived.scholar AS owner ON owner.scholar_key = person.scholar_key;

CREATE OR REPLACE TABLE derived.day_off AS
SELECT DISTINCT
  actor.scholar_key,
  unnest(generate_series(from_date::TIMESTAMP, to_date - INTERVAL 1 DAY, INTERVAL 1 DAY))::DATE AS day
FROM roster_day_off AS off
JOIN derived.actor AS actor
  ON off.scholar IS NULL OR (actor.in_roster AND actor.scholar = off.scholar);
