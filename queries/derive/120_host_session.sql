-- title: Runs on hosts
-- table: host_session | kept by scholar
-- A row a session (or a run without any): the host it was on, the GPUs it is charged for, how far the
-- run says that it used them, and what charges are added up by. Runs without a known host, or whose GPU count a config key gives,
-- are alone on a host of their own that knows no limit.
SELECT
  CASE WHEN run.configured_gpus IS NULL AND run.gpu_count IS NOT NULL
    THEN coalesce(run.named_host_key, hash('alone', run.scholar_key))
    ELSE hash('alone', run.scholar_key) END AS host_key,
  run.scholar_key,
  run.run_key,
  known.stream_key,
  known.class,
  known.failed_compute,
  run.gpu_type,
  run.gpu_count AS reported,
  coalesce(run.configured_gpus, run.gpu_count) AS gpus,
  run.gpu_utilisation AS utilisation,
  run.named_host_key IS NOT NULL AND run.configured_gpus IS NULL AND run.gpu_count IS NOT NULL
    AS shared,
  session.start_us,
  session.end_us
FROM run_base AS run
JOIN run AS known USING (run_key)
LEFT JOIN session USING (run_key)
UNION ALL
-- What a run with a configured count reports of its host still tells the host's capacity.
SELECT
  run.named_host_key, run.scholar_key, run.run_key, NULL, NULL, NULL, NULL, run.gpu_count,
  NULL, NULL, true, NULL, NULL
FROM run_base AS run
WHERE run.configured_gpus IS NOT NULL AND run.named_host_key IS NOT NULL
