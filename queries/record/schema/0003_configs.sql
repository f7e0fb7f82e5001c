-- title: Configs without their text
-- A config is stored as its key names, a keyed hash of every value, and the values of keys that a
-- setting names. Configs of earlier versions wait in clear_config until the first command converts
-- them.

ALTER TABLE raw_run RENAME COLUMN config TO clear_config;
ALTER TABLE raw_run ADD COLUMN config_shape UBIGINT;
ALTER TABLE raw_run ADD COLUMN config_hashes UBIGINT[]; -- one per path of the shape
ALTER TABLE raw_run ADD COLUMN config_told VARCHAR;     -- JSON: the values of its named keys
ALTER TABLE raw_run ADD COLUMN config_earlier BOOLEAN DEFAULT false; -- stored by an earlier version: without secret-like keys

-- The paths of configs, in the order of their hashes.
CREATE TABLE config_shape (
  config_shape UBIGINT NOT NULL,
  paths VARCHAR[] NOT NULL
);

-- Keys whose values are stored as text, and the paths where each may occur.
CREATE TABLE named_key (
  name VARCHAR NOT NULL,
  paths VARCHAR[] NOT NULL
)
