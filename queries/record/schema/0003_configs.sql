-- title: Configs without their text
-- Of a config the names, a keyed hash of every value, and the values of keys that a setting names.
-- What the version before kept waits in clear_config until the first command moves it.

ALTER TABLE raw_run RENAME COLUMN config TO clear_config;
ALTER TABLE raw_run ADD COLUMN config_shape UBIGINT;
ALTER TABLE raw_run ADD COLUMN config_hashes UBIGINT[]; -- one a path of the shape
ALTER TABLE raw_run ADD COLUMN config_told VARCHAR;     -- JSON: values of the named keys that it has
ALTER TABLE raw_run ADD COLUMN config_earlier BOOLEAN DEFAULT false; -- kept by the version before: without secret-like keys

-- The paths of configs, in the order of their hashes.
CREATE TABLE config_shape (
  config_shape UBIGINT NOT NULL,
  paths VARCHAR[] NOT NULL
);

-- Keys whose values are kept in clear, and the paths where each may stand.
CREATE TABLE named_key (
  name VARCHAR NOT NULL,
  paths VARCHAR[] NOT NULL
)
