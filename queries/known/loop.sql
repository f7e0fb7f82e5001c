-- title: Loops as they were known
-- table: loop
-- One row per experiment of `known` with a loop. Awake reaction time is known only for loops that
-- have not changed since.
WITH core AS MATERIALIZED (
  FROM loops_of('known')
),
calendar AS MATERIALIZED (
  FROM working_days_of('actor', 'core')
),
waited AS (
  FROM working_wait_of('core', 'working_week', 'calendar')
)
SELECT
  past.* REPLACE (
    core.experiment_key AS experiment_key,
    core.scholar_key AS scholar_key,
    core.project_key AS project_key,
    core.stream_key AS stream_key,
    core.start_us AS start_us,
    core.result_us AS result_us,
    core.next_us AS next_us,
    core.outcome AS outcome,
    core.status AS status,
    local_day(setting.timezone, core.start_us) AS start_day,
    core.machine_us AS machine_us,
    core.machine_event AS machine_event,
    core.reaction_us AS reaction_us,
    waited.working_us AS reaction_working_us,
    core.closed_event AS closed_event,
    core.loop_us AS loop_us)
FROM core
LEFT JOIN loop AS past
  ON past.experiment_key = core.experiment_key
  AND past.result_us = core.result_us AND past.next_us = core.next_us AND core.status = 'closed'
LEFT JOIN waited ON waited.experiment_key = core.experiment_key,
setting
