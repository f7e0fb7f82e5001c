-- title: Which launch followed which result
-- table: follower | kept by scholar | published
-- One row per experiment that was the next launch after a result of its line: whether it was ready
-- before the result (the result took at least `ready_us`, and the launch came within `ready_us` of
-- it) and, if so, that result's experiment and the first experiment of its chain.
WITH named AS (
  SELECT core.experiment_key, core.scholar_key, core.project_key, core.stream_key, core.start_us, run.run_id
  FROM experiment_core AS core
  JOIN run_base AS run ON run.run_key = core.experiment_key
),
launched AS (
  -- Of several experiments launched at the same instant, the smallest id comes first. Two are
  -- enough, because an experiment does not follow itself.
  SELECT scholar_key, project_key, start_us, list(experiment_key ORDER BY run_id)[:2] AS first_two
  FROM named
  GROUP BY ALL
),
followed AS (
  SELECT
    loop.experiment_key AS before_key,
    CASE WHEN first_two[1] = loop.experiment_key THEN first_two[2] ELSE first_two[1] END
      AS experiment_key,
    loop.reaction_us <= setting.ready_us AND loop.machine_us >= setting.ready_us AS ready,
    loop.result_us, loop.start_us, named.run_id
  FROM loop
  JOIN launched
    ON launched.scholar_key = loop.scholar_key AND launched.project_key = loop.project_key
    AND launched.start_us = loop.next_us
  JOIN named USING (experiment_key),
  setting
  WHERE loop.status = 'closed' AND is_concluded(loop.outcome)
),
follower AS (
  SELECT
    experiment_key,
    max_by(before_key, (result_us, start_us, run_id)) FILTER (ready) AS before_key
  FROM followed
  GROUP BY experiment_key
),
chained AS (
  SELECT * FROM (
    WITH RECURSIVE member AS (
      SELECT experiment_key, before_key AS head_key
      FROM follower
      WHERE before_key NOT IN (SELECT experiment_key FROM follower WHERE before_key IS NOT NULL)
      UNION ALL
      SELECT follower.experiment_key, member.head_key
      FROM member
      JOIN follower ON follower.before_key = member.experiment_key
    )
    FROM member
  )
)
SELECT
  follower.experiment_key, named.scholar_key, named.project_key, named.stream_key,
  local_day(setting.timezone, named.start_us) AS start_day,
  follower.before_key, chained.head_key
FROM follower
JOIN named USING (experiment_key)
LEFT JOIN chained USING (experiment_key),
setting
