-- title: Runs on hosts
-- table: host_session | kept by scholar
-- One row per session and machine: the host, the GPUs charged (its count times the active part of
-- the session), the utilisation that the run reports, and the keys by which charges are summed. A
-- machine without a known host, and a run whose GPU count comes from a config key, has its own host
-- without a limit. One row of each session leads. A machine without a session still reports the
-- GPUs of its host.
WITH present AS (
  SELECT
    run_key, number, start_us, end_us,
    CASE WHEN active_us < end_us - start_us THEN active_us / (end_us - start_us) ELSE 1 END AS load,
    true AS presence
  FROM session
),
helper AS (
  -- If writers worked at once, the later ones last for the runtime that they left.
  SELECT
    run_key, number, begin_us AS start_us,
    least(as_of_us, begin_us + greatest(0, least(
      coalesce(runtime_us, 0), coalesce(last_end_us, life_us) - begin_us))) AS end_us,
    1 AS load, false AS presence
  FROM (
    SELECT
      run_key, as_of_us, runtime_us, last_end_us, life_us,
      unnest(firsts) AS begin_us,
      unnest(range(1, len(firsts) + 1)) AS number
    FROM run_base
    WHERE launches = 'at_once' AND excluded IS NULL
  )
  WHERE number > 1 AND begin_us <= as_of_us
),
work AS (
  FROM present UNION ALL BY NAME FROM helper
),
on_machine AS (
  SELECT
    machine.run_key,
    CASE WHEN machine.gpu_count >= 0 THEN machine.gpu_count END AS reported,
    machine.host_key AS named_host_key,
    machine.gpu_type,
    work.start_us, work.end_us, work.load,
    work.presence AND machine.leads AS leads
  FROM machine
  LEFT JOIN work
    ON work.run_key = machine.run_key
    AND work.number = coalesce(machine.number, work.number)
    AND machine.run_key NOT IN (SELECT run_key FROM run_base WHERE configured_gpus IS NOT NULL)
  UNION ALL
  -- A count from a config key covers all machines.
  SELECT present.run_key, NULL, NULL, machine.gpu_type, present.start_us, present.end_us,
    present.load, true
  FROM present
  JOIN run_base USING (run_key)
  LEFT JOIN machine ON machine.run_key = present.run_key AND machine.shown
  WHERE run_base.configured_gpus IS NOT NULL
  UNION ALL
  SELECT run_key, NULL, NULL, NULL, start_us, end_us, load, true
  FROM present
  ANTI JOIN machine USING (run_key)
  ANTI JOIN (SELECT run_key FROM run_base WHERE configured_gpus IS NOT NULL) USING (run_key)
),
job_of AS (
  -- Only what is inside a job needs sorting.
  SELECT DISTINCT work.run_key, work.start_us, job.* EXCLUDE (run_key)
  FROM work
  SEMI JOIN in_job USING (run_key)
  ASOF JOIN (FROM in_job WHERE gpus IS NOT NULL) AS job
    ON job.run_key = work.run_key AND job.begin_us >= work.start_us
),
in_its_job AS (
  SELECT
    work.*,
    run.scholar_key, run.scheduled, run.configured_gpus, run.gpu_utilisation,
    job.job_key, job.gpus AS job_gpus, job.gpu_type AS job_gpu_type,
    coalesce(job.begin_us <= work.end_us, false) AND run.configured_gpus IS NULL AS allotted
  FROM on_machine AS work
  JOIN run_base AS run USING (run_key)
  LEFT JOIN job_of AS job ON job.run_key = work.run_key AND job.start_us = work.start_us
  -- The machines of others do not even tell the size of a host.
  WHERE run.excluded IS DISTINCT FROM 'ignored'
),
on_host AS (
  -- A session in a scheduler's job has the GPUs of the job, whatever the machine reports; and a job
  -- has its GPUs for itself.
  SELECT
    * REPLACE (
      CASE WHEN allotted THEN job_gpus ELSE reported END AS reported,
      CASE WHEN allotted THEN hash('job', job_key)
        WHEN NOT scheduled THEN named_host_key END AS named_host_key,
      CASE WHEN allotted THEN coalesce(gpu_type, job_gpu_type) ELSE gpu_type END AS gpu_type)
  FROM in_its_job
)
SELECT
  CASE WHEN named_host_key IS NOT NULL AND reported IS NOT NULL THEN named_host_key
    ELSE hash('alone', work.scholar_key) END AS host_key,
  work.scholar_key,
  work.run_key,
  known.stream_key,
  known.class,
  known.failed_compute,
  coalesce(known.failed_compute AND known.active_us > late_us(), false) AS late_failure,
  coalesce(work.gpu_type, '') AS gpu_type,
  work.reported,
  coalesce(work.configured_gpus, work.reported) * work.load AS gpus,
  work.load,
  work.leads,
  work.gpu_utilisation AS utilisation,
  work.named_host_key IS NOT NULL AND work.reported IS NOT NULL AS shared,
  work.start_us,
  work.end_us
FROM on_host AS work
JOIN run AS known USING (run_key)
