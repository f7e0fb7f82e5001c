-- title: The record
-- What the sources supplied, how it was read, and which past weeks changed. Everything else is
-- derived.

-- Identifies this record: in another, changes and runs have other numbers.
CREATE TABLE identity AS SELECT uuid()::VARCHAR AS id;

CREATE SEQUENCE run_key_sequence;

CREATE TABLE raw_run (
  run_key BIGINT NOT NULL,
  entity VARCHAR NOT NULL,
  project VARCHAR NOT NULL,
  run_id VARCHAR NOT NULL,
  username VARCHAR,
  display_name VARCHAR,
  state VARCHAR NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  writers STRUCT(
    start TIMESTAMPTZ, host VARCHAR, gpu_type VARCHAR, gpu_count BIGINT,
    runtime_s DOUBLE, heartbeat_at TIMESTAMPTZ, last_metric_at TIMESTAMPTZ)[],
  stamp TIMESTAMPTZ,
  heartbeat_at TIMESTAMPTZ,
  runtime_s DOUBLE,
  earlier_runtime_s DOUBLE,
  last_metric_at TIMESTAMPTZ,
  first_metric_at TIMESTAMPTZ,
  group_name VARCHAR,
  job_type VARCHAR,
  sweep VARCHAR,
  tags VARCHAR[],
  config_hash VARCHAR,
  config VARCHAR,
  gpu_utilisation DOUBLE,
  notes VARCHAR,
  resumed BOOLEAN,
  offline BOOLEAN,
  shared BOOLEAN,
  rewound BOOLEAN,
  history_rows BIGINT,
  wrote BOOLEAN,
  relaunched BOOLEAN,
  unreadable VARCHAR[],
  source VARCHAR NOT NULL,
  trust INTEGER NOT NULL,     -- of the source: the higher replaces the lower
  url VARCHAR,                -- the page of the run; null if its source has none
  seen_at TIMESTAMPTZ,        -- when this row was read; null: by an earlier version
  deleted_at TIMESTAMPTZ
);

CREATE TABLE project (
  project_key INTEGER PRIMARY KEY,
  entity VARCHAR NOT NULL,
  project VARCHAR NOT NULL,
  app_url VARCHAR,            -- where the runs can be opened; null if never pulled from W&B
  as_of TIMESTAMPTZ NOT NULL, -- the data is complete up to this instant
  pulled_from TIMESTAMPTZ,    -- start of the last pull that missed nothing; null before the first
  reconciled_at TIMESTAMPTZ,  -- start of the last pull that compared all runs with the server's
  filter_trusted BOOLEAN      -- the server's filter by heartbeat returned what a full scan says it must
);

-- Rows that could not become a run, with the reason; replaced project by project.
CREATE TABLE rejected (
  entity VARCHAR NOT NULL,
  project VARCHAR NOT NULL,
  run_id VARCHAR,
  reason VARCHAR NOT NULL
);

-- One row per project and command: what it read.
CREATE TABLE sync_log (
  command VARCHAR NOT NULL,   -- sync | ingest | import
  entity VARCHAR NOT NULL,
  project VARCHAR NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  finished_at TIMESTAMPTZ NOT NULL,
  runs_new BIGINT NOT NULL,
  runs_changed BIGINT NOT NULL,
  runs_unchanged BIGINT NOT NULL,
  runs_deleted BIGINT NOT NULL,
  runs_rejected BIGINT NOT NULL,
  requests BIGINT NOT NULL,   -- sent for runs
  note VARCHAR,               -- remarks on how the project was read
  error VARCHAR
);

-- When the runs of a user last changed ('' for runs without a user): each change has a number
-- larger than all earlier ones.
CREATE SEQUENCE change_sequence;

CREATE TABLE changed_username (username VARCHAR PRIMARY KEY, change BIGINT NOT NULL);

-- Figures of past weeks that a later derivation changed. Kept permanently.
CREATE TABLE restatement (
  derivation BIGINT NOT NULL, -- the derivation that changed it: later ones have larger numbers
  kind VARCHAR NOT NULL,      -- scholar | stream | programme
  group_id VARCHAR NOT NULL,
  week_start DATE NOT NULL,
  measure VARCHAR NOT NULL,
  value_before DOUBLE,        -- null for a share or median that is not known, like value_after
  value_after DOUBLE,
  reason VARCHAR NOT NULL,    -- data | configuration
  restated_at TIMESTAMPTZ NOT NULL -- as_of of the data that changed it
);
