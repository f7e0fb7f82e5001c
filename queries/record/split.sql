-- title: The raw rows of an old single-file store
-- Copies them into a new record from the single file (`old`) in which an earlier version stored all
-- tables. There, restated rows were stored in the order of their derivations. It stored one machine
-- per run, so every writer of a run gets that machine.
INSERT INTO raw_run BY NAME
SELECT
  raw.* EXCLUDE (started_at, writer_starts, host, gpu_type, gpu_count),
  list_transform(
    CASE
      WHEN len(writer_starts) > 0 THEN list_sort(writer_starts)
      WHEN coalesce(started_at::VARCHAR, host, gpu_type, gpu_count::VARCHAR) IS NOT NULL
        THEN [started_at]
    END,
    lambda begun: {
      'start': begun, 'host': host, 'gpu_type': gpu_type, 'gpu_count': gpu_count,
      'runtime_s': NULL::DOUBLE, 'heartbeat_at': NULL::TIMESTAMPTZ,
      'last_metric_at': NULL::TIMESTAMPTZ}) AS writers,
  CASE raw.source WHEN 'api' THEN 3 WHEN 'table' THEN 2 ELSE 1 END AS trust,
  CASE WHEN raw.source = 'api' THEN
    project.app_url || '/' || url_encode(raw.entity) || '/' || url_encode(raw.project)
      || '/runs/' || url_encode(raw.run_id)
  END AS url
FROM old.main.raw_run AS raw
LEFT JOIN old.main.project AS project USING (entity, project)
ORDER BY run_key;

INSERT INTO project BY NAME FROM old.main.project;

INSERT INTO rejected BY NAME FROM old.main.rejected;

INSERT INTO sync_log BY NAME FROM old.main.sync_log;

INSERT INTO restatement BY NAME SELECT rowid + 1 AS derivation, * FROM old.main.restatement;

INSERT INTO changed_username
SELECT username, nextval('change_sequence')
FROM (SELECT DISTINCT username FROM old.main.changed_username)
