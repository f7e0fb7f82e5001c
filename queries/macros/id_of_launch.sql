-- title: The id of a run in W&B
-- A launch that reused the id of an earlier one is named ID@start if local directories tell them
-- apart. W&B only has the id.
CREATE OR REPLACE MACRO id_of_launch(run_id) AS
CASE WHEN contains(run_id, '@')
  THEN regexp_replace(run_id, '@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$', '') ELSE run_id END
