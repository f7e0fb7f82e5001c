-- title: Runs to archive
-- table: archived_run
-- The runs of experiments that were over before a week, and other runs that were last alive before
-- it.
-- param: week | DATE | Monday of the first week that is kept
SELECT run_key
FROM (
  SELECT
    raw.run_key,
    coalesce(run.experiment_key, raw.run_key) AS experiment_key,
    greatest(epoch_us(raw.created_at), epoch_us(raw.heartbeat_at), run.end_us) AS last_us
  FROM raw_run AS raw
  LEFT JOIN derived.run AS run USING (run_key)
)
QUALIFY max(last_us) OVER (PARTITION BY experiment_key)
  < (SELECT begin_of_day(timezone, $week::DATE) FROM setting)
