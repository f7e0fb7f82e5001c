-- title: Store GPU utilisation
-- The runs in `measured` get their utilisation, or "events" among their unreadable fields.
WITH changed AS (
  UPDATE raw_run AS raw
  SET
    gpu_utilisation = coalesce(measured.share, raw.gpu_utilisation),
    unreadable = CASE WHEN measured.share IS NULL
      THEN (coalesce(raw.unreadable, '[]')::JSONB || '["events"]')::TEXT ELSE raw.unreadable END
  FROM measured
  WHERE raw.entity = measured.entity AND raw.project = measured.project
    AND raw.run_id = measured.run_id
  RETURNING raw.run_key
)
INSERT INTO changed_run SELECT run_key FROM changed
