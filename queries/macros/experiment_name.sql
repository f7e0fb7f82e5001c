-- title: The display name of an experiment
-- The W&B group or sweep of its first run, else that run's name, else its id.
CREATE OR REPLACE MACRO experiment_name(group_name, sweep, display_name, run_id) AS
coalesce(group_name, sweep, display_name, run_id)
