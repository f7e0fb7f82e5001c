-- title: Writers and what runs tell of themselves
-- The machine of each writer, and facts that clocks are held against. The version before kept one
-- machine per run, so every writer of a run that was pulled then has that one.

ALTER TABLE raw_run ADD COLUMN writers STRUCT(
  start TIMESTAMPTZ, host VARCHAR, gpu_type VARCHAR, gpu_count BIGINT,
  runtime_s DOUBLE, heartbeat_at TIMESTAMPTZ, last_metric_at TIMESTAMPTZ)[];

UPDATE raw_run SET writers = list_transform(
  CASE
    WHEN len(writer_starts) > 0 THEN list_sort(writer_starts)
    WHEN coalesce(started_at::VARCHAR, host, gpu_type, gpu_count::VARCHAR) IS NOT NULL
      THEN [started_at]
  END,
  lambda begun: {
    'start': begun, 'host': host, 'gpu_type': gpu_type, 'gpu_count': gpu_count,
    'runtime_s': NULL::DOUBLE, 'heartbeat_at': NULL::TIMESTAMPTZ,
    'last_metric_at': NULL::TIMESTAMPTZ});

ALTER TABLE raw_run DROP COLUMN started_at;
ALTER TABLE raw_run DROP COLUMN writer_starts;
ALTER TABLE raw_run DROP COLUMN host;
ALTER TABLE raw_run DROP COLUMN gpu_type;
ALTER TABLE raw_run DROP COLUMN gpu_count;
ALTER TABLE raw_run ADD COLUMN stamp TIMESTAMPTZ;
ALTER TABLE raw_run ADD COLUMN earlier_runtime_s DOUBLE;
ALTER TABLE raw_run ADD COLUMN resumed BOOLEAN;
ALTER TABLE raw_run ADD COLUMN offline BOOLEAN;
ALTER TABLE raw_run ADD COLUMN shared BOOLEAN;
ALTER TABLE raw_run ADD COLUMN rewound BOOLEAN;
ALTER TABLE raw_run ADD COLUMN history_rows BIGINT;
ALTER TABLE raw_run ADD COLUMN wrote BOOLEAN;
ALTER TABLE raw_run ADD COLUMN relaunched BOOLEAN;
ALTER TABLE raw_run ADD COLUMN unreadable VARCHAR[];
ALTER TABLE raw_run ADD COLUMN seen_at TIMESTAMPTZ; -- when what stands here was read; null: by the version before

-- Charged is the active part of a session, on each of its machines.
ALTER TABLE derived.host_session ADD COLUMN load DOUBLE;
