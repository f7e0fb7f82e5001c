-- title: The record in PostgreSQL
-- The tables of queries/record/schema/, for workers on several machines. Lists and structs are JSON
-- as text, because jsonb refuses texts with NUL and numbers such as NaN; hashes are written in
-- decimals. Keys sort by their bytes, as in DuckDB.

CREATE SEQUENCE run_key_sequence;

CREATE TABLE raw_run (
  run_key BIGINT PRIMARY KEY,
  entity TEXT COLLATE "C" NOT NULL,
  project TEXT COLLATE "C" NOT NULL,
  run_id TEXT COLLATE "C" NOT NULL,
  username TEXT,
  display_name TEXT,
  state TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  submitted_at TIMESTAMPTZ,
  same_as TEXT,
  writers TEXT,
  stamp TIMESTAMPTZ,
  heartbeat_at TIMESTAMPTZ,
  runtime_s DOUBLE PRECISION,
  earlier_runtime_s DOUBLE PRECISION,
  last_metric_at TIMESTAMPTZ,
  first_metric_at TIMESTAMPTZ,
  group_name TEXT,
  job_type TEXT,
  sweep TEXT,
  tags TEXT,
  config_hash TEXT,
  config_shape TEXT,
  config_hashes TEXT,
  config_told TEXT,
  config_earlier BOOLEAN DEFAULT false,
  commit TEXT,
  gpu_utilisation DOUBLE PRECISION,
  notes TEXT,
  resumed BOOLEAN,
  offline BOOLEAN,
  shared BOOLEAN,
  rewound BOOLEAN,
  history_rows BIGINT,
  wrote BOOLEAN,
  relaunched BOOLEAN,
  unreadable TEXT,
  source TEXT NOT NULL,
  trust INTEGER NOT NULL,
  url TEXT,
  seen_at TIMESTAMPTZ,
  deleted_at TIMESTAMPTZ,
  UNIQUE (entity, project, run_id)
);

-- The runs that changed since they were last taken in. One row per change and no key, so that
-- workers never wait for each other here.
CREATE TABLE changed_run (run_key BIGINT NOT NULL);

CREATE TABLE project (
  project_key INTEGER PRIMARY KEY,
  entity TEXT COLLATE "C" NOT NULL,
  project TEXT COLLATE "C" NOT NULL,
  app_url TEXT,
  as_of TIMESTAMPTZ NOT NULL,
  pulled_from TIMESTAMPTZ,
  reconciled_at TIMESTAMPTZ,
  filter_trusted BOOLEAN,
  uncollected BIGINT DEFAULT 0,
  UNIQUE (entity, project)
);

CREATE TABLE rejected (
  entity TEXT COLLATE "C" NOT NULL,
  project TEXT COLLATE "C" NOT NULL,
  run_id TEXT COLLATE "C",
  reason TEXT NOT NULL
);

CREATE TABLE sync_log (
  command TEXT NOT NULL,
  entity TEXT NOT NULL,
  project TEXT NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  finished_at TIMESTAMPTZ NOT NULL,
  runs_new BIGINT NOT NULL,
  runs_changed BIGINT NOT NULL,
  runs_unchanged BIGINT NOT NULL,
  runs_deleted BIGINT NOT NULL,
  runs_rejected BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  note TEXT,
  error TEXT
);

CREATE TABLE config_shape (config_shape TEXT PRIMARY KEY, paths TEXT NOT NULL);

CREATE TABLE named_key (name TEXT PRIMARY KEY, paths TEXT NOT NULL);

-- The runs whose utilisation was requested from W&B.
CREATE TABLE utilisation_request (run_key BIGINT PRIMARY KEY);

-- Only the publisher writes these two.
CREATE TABLE restatement (
  derivation BIGINT NOT NULL,
  kind TEXT NOT NULL,
  group_id TEXT NOT NULL,
  week_start DATE NOT NULL,
  measure TEXT NOT NULL,
  value_before DOUBLE PRECISION,
  value_after DOUBLE PRECISION,
  reason TEXT NOT NULL,
  restated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE group_week (
  week_start DATE NOT NULL,
  group_id TEXT NOT NULL,
  group_name TEXT NOT NULL,
  position INTEGER,
  people TEXT NOT NULL,
  experiments_started BIGINT,
  experiments_concluded BIGINT,
  runs_ended BIGINT,
  runs_failed BIGINT,
  busy_hours BIGINT,
  serial_hours BIGINT,
  gpu_hours BIGINT,
  published_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (week_start, group_id)
);

-- What all workers share: the salt of configs, the hashes of forgotten people, and which copy has
-- taken in every change that is not in changed_run.
CREATE TABLE shared (name TEXT PRIMARY KEY, value TEXT NOT NULL);

-- Statistics would keep names of people outside of these tables.
DO $$
DECLARE it RECORD;
BEGIN
  FOR it IN
    SELECT table_name, column_name
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type = 'text'
  LOOP
    EXECUTE format('ALTER TABLE %I ALTER %I SET STATISTICS 0', it.table_name, it.column_name);
  END LOOP;
END $$
