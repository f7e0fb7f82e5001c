-- title: Tokens of evaluations
-- table: token_charge | kept by scholar | published
-- One row per run and model: the tokens that it used, the local day of its last sign of life, and the
-- dollars: as its log says, or else at the rate of the model on that day (null: neither is known). The
-- attempts of a later call begin with the tokens of the last attempt of the call before. If they
-- report at least as many of each kind, those are taken off. If another source has the same run, these
-- are the tokens of that run.
WITH evaluation AS (
  SELECT
    raw.run_key, run.scholar_key, run.stream_key, raw.same_as, raw.usage, raw.created_at,
    [raw.entity, raw.project, raw.run_id] AS path,
    coalesce(raw.attempt_of, raw.run_key::VARCHAR) AS task,
    local_day(setting.timezone, epoch_us(coalesce(raw.heartbeat_at, raw.created_at))) AS day
  FROM raw_run AS raw
  JOIN run USING (run_key),
  setting
  WHERE raw.usage IS NOT NULL AND coalesce(run.excluded, 'same_run') = 'same_run'
  -- An evaluation that was imported into two projects has its tokens once.
  QUALIFY row_number() OVER (
    PARTITION BY run.scholar_key, run.run_id ORDER BY run.excluded NULLS FIRST, path) = 1
),
counted AS (
  SELECT twin.run_key, min(run.stream_key) AS stream_key
  FROM (SELECT run_key, scholar_key, unnest(same_as) AS run_id FROM evaluation) AS twin
  JOIN run USING (scholar_key, run_id)
  WHERE run.excluded IS NULL
  GROUP BY twin.run_key
),
attempt AS (
  SELECT
    evaluation.* EXCLUDE (stream_key), coalesce(evaluation.stream_key, counted.stream_key) AS stream_key,
    row_number() OVER (
      PARTITION BY scholar_key, task ORDER BY created_at, day, path) - 1 AS retry
  FROM evaluation
  LEFT JOIN counted USING (run_key)
),
reported AS (
  SELECT
    * EXCLUDE (usage), unnest(usage) AS used,
    min(retry) OVER (PARTITION BY scholar_key, task, same_as[1]) AS call
  FROM attempt
),
compared AS (
  SELECT
    *,
    CASE WHEN used.input >= earlier.input AND used.output >= earlier.output
      AND used.cache_read >= earlier.cache_read AND used.cache_write >= earlier.cache_write
      THEN earlier END AS included
  FROM (
    SELECT
      *,
      arg_max(used, retry) OVER (
        PARTITION BY scholar_key, task, used.model
        ORDER BY call GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier
    FROM reported
  )
),
charge AS (
  SELECT
    run_key, scholar_key, stream_key, day, used.model AS model, retry,
    used.input - coalesce(included.input, 0) AS input,
    used.output - coalesce(included.output, 0) AS output,
    used.cache_read - coalesce(included.cache_read, 0) AS cache_read,
    used.cache_write - coalesce(included.cache_write, 0) AS cache_write,
    used.dollars - coalesce(included.dollars, 0) AS dollars
  FROM compared
)
SELECT
  charge.* EXCLUDE (dollars),
  charge.input + charge.output + charge.cache_read + charge.cache_write AS tokens,
  coalesce(
    charge.dollars,
    (charge.input * rate.input + charge.output * rate.output + charge.cache_read * rate.cache_read
      + charge.cache_write * rate.cache_write) / 1e6) AS dollars
FROM charge
ASOF LEFT JOIN model_rate AS rate ON rate.model = charge.model AND rate.from_date <= charge.day
