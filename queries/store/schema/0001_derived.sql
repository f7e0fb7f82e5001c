-- title: What a derivation goes on from
-- Beside the derived tables, which the derivation itself makes. All of it can be made again.

-- Scholars keep their number for life, so that derived rows can be replaced one scholar at a time.
CREATE TABLE scholar_number (
  scholar_key INTEGER PRIMARY KEY,
  kind VARCHAR NOT NULL,      -- roster | username | nobody
  name VARCHAR NOT NULL
);

-- Which record was derived last, and the number of its last change that was taken in.
CREATE TABLE taken_in (record VARCHAR NOT NULL, change BIGINT NOT NULL);

-- To which instant each project was complete when it was last derived.
CREATE TABLE derived_to (project_key INTEGER NOT NULL, as_of TIMESTAMPTZ NOT NULL);

-- What the derived tables were made with; anything else here means: derive everything again.
CREATE TABLE derived_with (fingerprint VARCHAR NOT NULL);

-- What the last derivation changed in weeks that were over, on its way to the record.
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

-- Which run was on which host and when: a change on a host also moves the charges of the others
-- there, whose rows are otherwise left alone.
CREATE TABLE derived.host_session (
  host_key UBIGINT NOT NULL,
  scholar_key INTEGER NOT NULL,
  run_key BIGINT NOT NULL,
  reported BIGINT,            -- GPUs that the run says the host has
  gpus DOUBLE,                -- GPUs that it is charged for; null where not known
  load DOUBLE,                -- the active part of the session, by which they are less
  leads BOOLEAN,              -- the one row of the session that tells its time
  shared BOOLEAN NOT NULL,    -- the host's capacity limits the charge
  start_us BIGINT,            -- null for a run that was never active
  end_us BIGINT
);
