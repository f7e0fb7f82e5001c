-- title: Which runs of a batch the record has
-- Every run of the batch (`incoming`) once, with its number in the record and its outcome: new,
-- revived, changed (or perhaps unchanged), or kept (the record has it from a better source).
-- The wide rows stay where they are: only a few of their columns are read or written.
DELETE FROM incoming
WHERE rowid IN (
  SELECT rowid
  FROM incoming
  QUALIFY row_number() OVER (
    PARTITION BY entity, project, run_id ORDER BY heartbeat_at DESC NULLS LAST, rowid) > 1);

UPDATE incoming
SET
  run_key = held.run_key,
  held_username = held.username,
  -- A page of W&B's API does not have these; they stay when it replaces the row.
  first_metric_at = coalesce(incoming.first_metric_at,
    CASE WHEN incoming.source <> 'files' THEN held.first_metric_at END),
  gpu_utilisation = coalesce(incoming.gpu_utilisation,
    CASE WHEN incoming.source <> 'files' THEN held.gpu_utilisation END),
  outcome = CASE
    WHEN held.trust > incoming.trust THEN 'kept'
    WHEN held.deleted_at IS NOT NULL THEN 'revived'
    ELSE 'changed' END
FROM raw_run AS held
WHERE held.entity = incoming.entity AND held.project = incoming.project
  AND held.run_id = incoming.run_id
