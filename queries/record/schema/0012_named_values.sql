-- title: A clearer name
-- JSON: the values of the keys that the settings name.
ALTER TABLE raw_run RENAME COLUMN config_told TO named_values
