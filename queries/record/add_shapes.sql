-- title: Add shapes of configs
-- The paths of configs (`met_shape`) that are not here yet.
INSERT INTO config_shape BY NAME
FROM met_shape
ANTI JOIN config_shape USING (config_shape)
