-- title: Write the changes in a batch
-- Replaces changed rows, adds new rows, and notes the users whose figures they affect.
DELETE FROM raw_run
WHERE run_key IN (SELECT run_key FROM incoming WHERE outcome IN ('changed', 'revived'));

INSERT INTO raw_run BY NAME
SELECT
  * EXCLUDE (held_username, outcome)
    REPLACE (coalesce(run_key, nextval('run_key_sequence')) AS run_key),
  now() AS seen_at
FROM incoming
WHERE outcome IN ('new', 'changed', 'revived');

INSERT OR REPLACE INTO changed_username
SELECT username, nextval('change_sequence')
FROM (
  SELECT DISTINCT coalesce(name, '') AS username
  FROM (
    SELECT unnest([username, held_username]) AS name, unnest([true, run_key IS NOT NULL]) AS real
    FROM incoming
    WHERE outcome IN ('new', 'changed', 'revived')
  )
  WHERE real);
