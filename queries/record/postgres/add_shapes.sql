-- title: Add shapes of configs
-- The paths of configs (`met_shape`) that are not here yet. Two workers may meet the same ones.
INSERT INTO config_shape
SELECT config_shape, paths FROM met_shape ORDER BY config_shape
ON CONFLICT DO NOTHING
