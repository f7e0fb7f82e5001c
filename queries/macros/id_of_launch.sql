-- title: The id that W&B knows a run by
-- A launch that used the id of an earlier one again is called ID@start where local directories tell
-- them apart; W&B has only the id.
CREATE OR REPLACE MACRO id_of_launch(run_id) AS
CASE WHEN contains(run_id, '@')
  THEN regexp_replace(run_id, '@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$', '') ELSE run_id END
