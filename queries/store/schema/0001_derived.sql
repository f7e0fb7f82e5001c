-- title: The state of a derivation
-- The tables that a derivation needs, besides the derived tables that it writes itself. All of them
-- can be derived again.

-- A scholar's number never changes, so that derived rows can be replaced one scholar at a time.
CREATE TABLE scholar_number (
  scholar_key INTEGER PRIMARY KEY,
  kind VARCHAR NOT NULL,      -- roster | username | nobody
  name VARCHAR NOT NULL
);

-- The record that was derived last, and the number of its last change that was read.
CREATE TABLE taken_in (record VARCHAR NOT NULL, change BIGINT NOT NULL);

-- The instant up to which each project was complete when it was last derived.
CREATE TABLE derived_to (project_key INTEGER NOT NULL, as_of TIMESTAMPTZ NOT NULL);

-- Fingerprint of the inputs of the derived tables: if it differs, everything is derived again.
CREATE TABLE derived_with (fingerprint VARCHAR NOT NULL);

-- Past weeks that the last derivation changed, until they are in the record.
CREATE TABLE restated (
  derivation BIGINT NOT NULL,
  kind VARCHAR NOT NULL,
  group_id VARCHAR NOT NULL,
  week_start DATE NOT NULL,
  measure VARCHAR NOT NULL,
  value_before DOUBLE,
  value_after DOUBLE,
  reason VARCHAR NOT NULL,
  restated_at TIMESTAMPTZ NOT NULL
);

CREATE SCHEMA derived;

-- The runs on each host: a change on a host also moves the charges of other runs there, whose rows
-- otherwise stay.
CREATE TABLE derived.host_session (
  host_key UBIGINT NOT NULL,
  scholar_key INTEGER NOT NULL,
  run_key BIGINT NOT NULL,
  reported BIGINT,            -- GPUs of the host, as the run reports them
  gpus DOUBLE,                -- GPUs that it is charged for; null if not known
  load DOUBLE,                -- the active part of the session, a factor of gpus
  leads BOOLEAN,              -- the one row of the session that counts its time
  shared BOOLEAN NOT NULL,    -- the host's capacity limits the charge
  start_us BIGINT,            -- null for a run that was never active
  end_us BIGINT
);
