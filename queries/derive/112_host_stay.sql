-- title: Runs on rented hosts
-- table: host_stay | kept by scholar | published
-- One row per session on a host that a `rented` glob of the roster matches: the GPUs that the run
-- reports for the host, when the session was present there, and whether it still is. Sessions of
-- processes that worked at once count as present on each of their hosts.
WITH placed AS (
  SELECT
    machine.run_key, machine.host, machine.gpu_count, project.entity,
    CASE WHEN base.launches = 'at_once' THEN 1 ELSE machine.number END AS number
  FROM machine
  JOIN run_base AS base USING (run_key)
  JOIN project USING (project_key)
  JOIN rented_host ON rented_host.entity = project.entity AND rented_host.host = machine.host
  WHERE machine.host_key IS NOT NULL AND machine.number IS DISTINCT FROM 0
)
SELECT DISTINCT
  placed.entity, placed.host, placed.run_key, run.scholar_key, run.project_key, run.stream_key,
  placed.gpu_count, session.start_us, session.end_us, session.open
FROM placed
JOIN session ON session.run_key = placed.run_key
  AND session.number = coalesce(placed.number, session.number)
JOIN run ON run.run_key = placed.run_key
