-- title: Write the changes in a batch
-- Replaces changed rows and adds new ones (`written`; without a number if they are new), in the
-- order of their keys, and notes them for the next publish.
UPDATE written SET run_key = coalesce(run_key, nextval('run_key_sequence')), seen_at = now();

DELETE FROM raw_run WHERE run_key IN (SELECT run_key FROM written);

INSERT INTO raw_run SELECT * FROM written ORDER BY entity, project, run_id;

INSERT INTO changed_run SELECT run_key FROM written
