-- title: Runs
-- table: run | kept by scholar | published
-- One row per raw run: its class, its start and end with their sources, its last machine, its
-- experiment and the rule that assigned it, and its flags. A run with `excluded` set (ignored by a
-- rule, pending, started after as_of, the same run as another row, a job with runs inside it, or
-- without a clock) counts nowhere.
WITH failure AS (
  -- The two earliest ends of failed compute: two, so that a run can exclude itself.
  SELECT scholar_key, project_key, config_hash, min(end_us, 2) AS ends
  FROM run_interval
  WHERE config_hash IS NOT NULL AND failed_compute
  GROUP BY ALL
),
finished AS (
  SELECT scholar_key, project_key, full_hash, min(end_us, 2) AS ends
  FROM run_interval
  WHERE full_hash IS NOT NULL AND class = 'finished'
  GROUP BY ALL
)
SELECT
  base.run_key, base.scholar_key, base.project_key, base.run_id,
  link.experiment_key, link.joined_by, experiment.stream_key,
  base.state, base.class,
  base.start_us, base.start_source,
  CASE WHEN NOT run.open THEN run.end_us END AS end_us,
  run.end_source, run.open, run.active_us, run.present_us,
  base.queue_us, base.scheduler_queue_us,
  machine.host, machine.gpu_type, machine.gpu_count,
  CASE WHEN base.first_metric_us >= base.start_us THEN base.first_metric_us - base.start_us END
    AS first_row_us,
  CASE WHEN base.excluded IS NOT NULL THEN base.excluded
    WHEN run.run_key IS NULL THEN 'after_as_of' END AS excluded,
  coalesce(
    run.clock, base.excluded IS NULL AND base.start_us - base.as_of_us > base.slack_us) AS clock,
  coalesce(run.estimated, false) OR base.start_source = 'rows' AS estimated,
  list_filter(base.reported_flags || [
    CASE WHEN base.runtime_refuted OR run.stood_still THEN 'runtime_refuted' END,
    CASE WHEN run.suspended THEN 'suspended' END,
    CASE WHEN run.estimated AND base.start_source <> 'rows' THEN 'estimated' END,
    CASE WHEN run.end_source = 'unknown' THEN 'unknown_end' END,
    CASE WHEN coalesce(
      run.clock, base.excluded IS NULL AND base.start_us - base.as_of_us > base.slack_us)
      THEN 'clock' END
  ], lambda it: it IS NOT NULL) AS flags,
  -- A writer that starts after as_of waits for the sync that reaches its start.
  list_max(base.writer_starts) > base.as_of_us AS awaits_writer,
  base.failed_compute,
  coalesce(run.early_failure, false) AS early_failure,
  CASE WHEN base.config_hash IS NOT NULL AND run.run_key IS NOT NULL THEN
    coalesce(
      CASE WHEN base.failed_compute AND run.end_us <= base.start_us
        THEN failure.ends[2] ELSE failure.ends[1] END <= base.start_us,
      false)
  END AS rework,
  CASE WHEN base.full_hash IS NOT NULL AND run.run_key IS NOT NULL THEN
    coalesce(
      CASE WHEN base.class = 'finished' AND run.end_us <= base.start_us
        THEN finished.ends[2] ELSE finished.ends[1] END <= base.start_us,
      false)
  END AS repeat,
  local_day(setting.timezone, base.start_us) AS start_day,
  CASE WHEN NOT run.open THEN local_day(setting.timezone, run.end_us) END
    AS end_day
FROM run_base AS base
LEFT JOIN machine ON machine.run_key = base.run_key AND machine.shown
LEFT JOIN run_interval AS run ON run.run_key = base.run_key
LEFT JOIN link ON link.run_key = base.run_key
LEFT JOIN experiment USING (experiment_key)
LEFT JOIN failure
  ON failure.scholar_key = base.scholar_key AND failure.project_key = base.project_key
  AND failure.config_hash = base.config_hash
LEFT JOIN finished
  ON finished.scholar_key = base.scholar_key AND finished.project_key = base.project_key
  AND finished.full_hash = base.full_hash,
setting
