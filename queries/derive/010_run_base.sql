-- title: Runs with their class
-- table: run_base
-- One row per run of the scholars in scope: its class, its start and the source of the start, and
-- how its writers (the processes that wrote to it) worked together. Writers that start at most 2
-- minutes after the first of them are one launch on several machines. If there are several
-- launches, either all worked at once, or the run is only the last one (the id was reused), or they
-- took turns. A scheduler's job counts only if no other run lies inside it.
WITH launched AS NOT MATERIALIZED (
  SELECT
    *,
    CASE WHEN len(writer_starts) = 1 THEN writer_starts ELSE list_reduce(
      list_transform(writer_starts, lambda it: [it]),
      lambda firsts, it: CASE WHEN it[1] - firsts[-1] > together_us THEN firsts || it ELSE firsts END)
    END AS firsts
  FROM run_clock
),
ended AS NOT MATERIALIZED (
  -- The end of the last launch, if the runtime belongs to the earlier launches.
  SELECT
    *,
    firsts[-1] AS last_us,
    CASE
      WHEN class = 'running' THEN NULL
      WHEN class = 'stale' THEN life_us
      WHEN alive_us >= firsts[-1] THEN alive_us
      WHEN rows_us >= firsts[-1] THEN rows_us
      WHEN late AND runtime_us IS NOT NULL THEN greatest(firsts[-1], start_us + runtime_us)
      ELSE firsts[-1]
    END AS last_end_us,
    CASE
      WHEN class = 'running' THEN 'open'
      WHEN class = 'stale' THEN 'stale_heartbeat'
      WHEN alive_us >= firsts[-1] THEN 'heartbeat'
      WHEN rows_us >= firsts[-1] THEN 'last_metric'
      WHEN late AND runtime_us IS NOT NULL THEN 'runtime'
      ELSE 'unknown'
    END AS last_end_source
  FROM launched
),
shared_out AS NOT MATERIALIZED (
  SELECT
    *,
    runtime_us - greatest(0, coalesce(last_end_us, life_us) - last_us) AS left_us,
    CASE
      WHEN len(firsts) = 1 OR class = 'pending' THEN 'alone'
      WHEN sessions_recorded THEN 'recorded'
      WHEN shared OR (NOT resumed AND rows_us - last_us > runtime_us + slack_us) THEN 'at_once'
      WHEN left_us <= together_us AND NOT (resumed OR rewound) THEN 'launched_again'
      WHEN left_us <= together_us THEN 'watch_restarted'
      ELSE 'in_turn'
    END AS launches
  FROM ended
),
settled AS NOT MATERIALIZED (
  SELECT
    * REPLACE (
      CASE WHEN launches = 'launched_again' THEN last_us ELSE start_us END AS start_us,
      CASE WHEN launches = 'launched_again' THEN [last_us] ELSE firsts END AS firsts)
  FROM shared_out
),
twin AS MATERIALIZED (
  -- Few runs: the others need not be kept while these are compared.
  FROM settled WHERE twin
),
again AS (
  -- Runs in several projects with the same id and start are one run: the one read last counts, and
  -- one from W&B before one from local files. A pending copy, which counts nowhere, replaces none.
  SELECT DISTINCT run.run_key
  FROM twin AS run
  JOIN twin AS other
    ON other.launch_id = run.launch_id
    AND NOT other.ignored
    AND other.class <> 'pending'
    -- Two launches shortly after each other in the same place are two runs.
    AND ((other.entity, other.project, other.source) <> (run.entity, run.project, run.source)
      OR (other.run_key <> run.run_key AND other.start_us = run.start_us))
    AND (abs(other.start_us - run.start_us) <= run.together_us
      -- A directory has some of the sessions of a run of W&B, by the client's clock.
      OR (other.served AND NOT run.served AND len(list_filter(
        other.firsts, lambda it: len(list_filter(run.firsts, lambda own:
          least(abs(it - own), abs(it - other.shift_us - own)) <= run.together_us)) > 0)) > 0))
    AND (other.served, coalesce(epoch_us(other.seen_at), 0), other.trust, other.entity, other.project,
        other.run_id)
      > (run.served, coalesce(epoch_us(run.seen_at), 0), run.trust, run.entity, run.project,
        run.run_id)
  UNION
  SELECT run.run_key
  FROM (SELECT run_key, unnest(same_as) AS launch_id FROM run_clock) AS run
  JOIN (FROM run_clock WHERE same_as IS NULL) AS other USING (launch_id)
  WHERE NOT other.ignored AND other.class <> 'pending'
),
in_its_job AS (
  SELECT run_key, arg_min_null(wait_us, begin_us) AS wait_us FROM in_job GROUP BY run_key
),
configured AS (
  SELECT
    raw.run_key, raw.state, idea.config_hash, idea.full_hash, raw.sweep, raw.group_name,
    raw.tags, raw.gpu_utilisation,
    epoch_us(raw.first_metric_at) AS first_metric_us,
    coalesce(list_has_any(raw.unreadable, ['createdAt', 'created_at', 'submit', 'start']), false)
      AS creation_unread,
    CASE WHEN getvariable('gpu_count_key') IS NOT NULL THEN try_cast(
      json_extract_string(raw.named_values, '$."' || getvariable('gpu_count_key') || '"')
    AS DOUBLE) END AS gpus
  FROM raw_run AS raw
  JOIN idea USING (run_key)
)
SELECT
  run.run_key, run.run_id, run.scholar_key, run.project_key, run.as_of_us, run.slack_us,
  configured.state, configured.config_hash, configured.full_hash, configured.sweep,
  configured.group_name, configured.tags, configured.gpu_utilisation, configured.first_metric_us,
  -- Ignore values that are not a number of GPUs, such as -1 for all GPUs of the machine, and values
  -- above a million, which would swamp everybody's hours.
  CASE WHEN configured.gpus BETWEEN 0 AND 1e6 THEN configured.gpus END AS configured_gpus,
  run.start_us, run.start_source, run.class,
  run.class IN ('failed', 'crashed', 'stale') AS failed_compute,
  -- Local files have no creation by a server's clock.
  CASE WHEN run.served AND run.start_source = 'environment' AND run.launches <> 'launched_again'
    AND NOT configured.creation_unread
    AND run.start_us >= run.created_us THEN run.start_us - run.created_us END AS queue_us,
  CASE WHEN run.submitted_us IS NULL THEN in_its_job.wait_us
    WHEN run.class <> 'pending' AND NOT configured.creation_unread
    THEN greatest(0, run.start_us - run.submitted_us)
  END AS scheduler_queue_us,
  run.submitted_us IS NOT NULL AS scheduled,
  CASE
    WHEN run.ignored THEN 'ignored'
    WHEN run.class = 'pending' THEN 'pending'
    WHEN again.run_key IS NOT NULL THEN 'same_run'
    WHEN run.run_key IN (SELECT job_key FROM in_job) THEN 'allocation'
    WHEN run.clock_flag = 'clock_unset' AND NOT run.served THEN 'clock_unset'
  END AS excluded,
  run.launches, run.firsts, run.writer_starts, run.starts, run.shift_us, run.writer_lost,
  run.late, run.alive_us, run.life_us, run.rows_us, run.runtime_us, run.left_us,
  run.last_us, run.last_end_us, run.last_end_source,
  run.runtime_refuted,
  list_filter([
    CASE WHEN run.unreadable THEN 'unreadable' END,
    CASE WHEN run.unknown_state THEN 'unknown_state' END,
    CASE WHEN run.never_began THEN 'never_began' END,
    run.clock_flag,
    CASE WHEN run.late THEN 'uploaded_late' END,
    CASE WHEN run.writer_lost THEN 'writer_lost' END,
    CASE WHEN len(run.starts) + run.writer_lost::INTEGER > len(run.writer_starts) THEN 'writer_silent' END,
    CASE WHEN run.launches = 'at_once'
      OR (len(run.firsts) = 1 AND len(run.writer_starts) > 1 AND run.launches = 'alone')
      THEN 'at_once' END,
    CASE WHEN run.launches = 'watch_restarted' THEN 'runtime_restarted' END,
    CASE WHEN run.launches = 'launched_again' OR run.relaunched THEN 'relaunched' END,
    CASE WHEN again.run_key IS NOT NULL THEN 'same_run' END,
    CASE WHEN run.start_source = 'rows' THEN 'estimated' END
  ], lambda it: it IS NOT NULL) AS reported_flags
FROM settled AS run
JOIN configured USING (run_key)
LEFT JOIN again USING (run_key)
LEFT JOIN in_its_job USING (run_key)
WHERE run.scholar_key IN (FROM scope)
