-- title: Mark runs as deleted
-- The runs in `gone` stay in the record, outside every metric, until W&B lists them again.
WITH marked AS (
  UPDATE raw_run AS raw SET deleted_at = gone.deleted_at
  FROM gone
  WHERE raw.entity = gone.entity AND raw.project = gone.project AND raw.run_id = gone.run_id
  RETURNING raw.run_key
)
INSERT INTO changed_run SELECT run_key FROM marked
