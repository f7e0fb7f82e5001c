-- The tables that the first version made in its one file, live.duckdb: queries/schema/ of that time.
CREATE SCHEMA derived;

CREATE TABLE migration (name VARCHAR NOT NULL);

INSERT INTO migration VALUES ('schema/0001_raw'), ('schema/0002_restated_not_known');

CREATE SEQUENCE run_key_sequence;

CREATE TABLE raw_run (
  run_key BIGINT NOT NULL DEFAULT nextval('run_key_sequence'),
  entity VARCHAR NOT NULL,
  project VARCHAR NOT NULL,
  run_id VARCHAR NOT NULL,
  username VARCHAR,
  display_name VARCHAR,
  state VARCHAR NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  started_at TIMESTAMPTZ,
  writer_starts TIMESTAMPTZ[],
  heartbeat_at TIMESTAMPTZ,
  runtime_s DOUBLE,
  last_metric_at TIMESTAMPTZ,
  first_metric_at TIMESTAMPTZ,
  group_name VARCHAR,
  job_type VARCHAR,
  sweep VARCHAR,
  tags VARCHAR[],
  config_hash VARCHAR,
  config VARCHAR,
  host VARCHAR,
  gpu_type VARCHAR,
  gpu_count BIGINT,
  gpu_utilisation DOUBLE,
  notes VARCHAR,
  source VARCHAR NOT NULL,
  deleted_at TIMESTAMPTZ
);

CREATE TABLE project (
  project_key INTEGER PRIMARY KEY,
  entity VARCHAR NOT NULL,
  project VARCHAR NOT NULL,
  app_url VARCHAR,            -- where the runs can be opened; null where W&B was never asked
  as_of TIMESTAMPTZ NOT NULL, -- the instant the data is complete to
  pulled_from TIMESTAMPTZ,    -- start of the last pull that missed nothing; null before the first
  reconciled_at TIMESTAMPTZ,  -- start of the last pull that compared all runs with the server's
  filter_trusted BOOLEAN      -- the server's filter by heartbeat gave what a full scan says it must
);

-- Rows that could not become a run, with the reason; replaced project by project.
CREATE TABLE rejected (
  entity VARCHAR NOT NULL,
  project VARCHAR NOT NULL,
  run_id VARCHAR,
  reason VARCHAR NOT NULL
);

-- One row per project and command, with its counts of runs.
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
  note VARCHAR,               -- what to know of how the project was read
  error VARCHAR
);

-- Scholars keep their number for life, so that derived rows can be replaced one scholar at a time.
CREATE TABLE scholar_number (
  scholar_key INTEGER PRIMARY KEY,
  kind VARCHAR NOT NULL,      -- roster | username | nobody
  name VARCHAR NOT NULL
);

-- Users whose raw runs changed since the last derive ('' for runs without a user).
CREATE TABLE changed_username (username VARCHAR NOT NULL);

-- To which instant each project was complete when it was last derived.
CREATE TABLE derived_to (project_key INTEGER NOT NULL, as_of TIMESTAMPTZ NOT NULL);

-- What the derived tables were made with; anything else here means: derive everything again.
CREATE TABLE derived_with (fingerprint VARCHAR NOT NULL);

-- Which run was on which host and when: a change on a host also moves the charges of the others
-- there, whose rows are otherwise left alone.
CREATE TABLE derived.host_session (
  host_key UBIGINT NOT NULL,
  scholar_key INTEGER NOT NULL,
  run_key BIGINT NOT NULL,
  reported BIGINT,            -- GPUs that the run says the host has
  gpus DOUBLE,                -- GPUs that it is charged for; null where not known
  shared BOOLEAN NOT NULL,    -- the host's capacity limits the charge
  start_us BIGINT,            -- null for a run that was never active
  end_us BIGINT
);

-- Figures of weeks that were already over, which a later derivation changed. Kept for good.
CREATE TABLE restatement (
  kind VARCHAR NOT NULL,      -- scholar | stream | programme
  group_id VARCHAR NOT NULL,
  week_start DATE NOT NULL,
  measure VARCHAR NOT NULL,
  value_before DOUBLE NOT NULL,
  value_after DOUBLE NOT NULL,
  reason VARCHAR NOT NULL,    -- data | configuration
  restated_at TIMESTAMPTZ NOT NULL -- as_of of the data that changed it
);

ALTER TABLE restatement ALTER COLUMN value_before DROP NOT NULL;
ALTER TABLE restatement ALTER COLUMN value_after DROP NOT NULL;
