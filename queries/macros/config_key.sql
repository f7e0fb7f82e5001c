-- title: The name of a config key as people write it
-- Names of nested keys are joined by dots; indexes of lists stay in brackets. Takes the path by
-- which the record names the key.
CREATE OR REPLACE MACRO config_key(path) AS
replace(replace(replace(replace(path[2:], '/', '.'), '~2', ''), '~1', '/'), '~0', '~')
