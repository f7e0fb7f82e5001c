-- title: Lines that wait for a decision
-- One row per line whose latest result, or failure that is not recovered, has had no launch of the
-- line after it for at most five days, without the scholar's days off: since when, for how long by
-- the clock and in working hours, and the line's own usual. The usual is the 85th percentile of
-- working hours from result to next launch over the closed loops of the line; under 19 of them, over
-- all of the scholar's lines; under 19 again, it is not known. A line needs a decision if it has
-- waited longer than its usual, and at least one working hour, unless the scholar has launched on
-- another line since (parked), is away today, or has marked the result as read; the mark holds for
-- one more usual. Lines that need one come first, in order of how far they are beyond their own
-- usual; the others are in order of stream and name. A viewer who sees everybody, other than the
-- scholar and mentors of the stream, sees the name and the wait of a line that needs a decision only
-- from 24 hours after it met that rule on (named); when it did, to the microsecond, is shown to the
-- scholar alone.
-- param: streams | VARCHAR[] | only results of these streams, null = all
-- param: scholars | VARCHAR[] | only these scholars, null = all
-- param: read | STRUCT(experiment_id VARCHAR, result_at TIMESTAMPTZ, read_at TIMESTAMPTZ)[] | results that their scholars marked as read, and when
-- param: scope | STRUCT | what the viewer may see
-- word: kind | result | the experiment has ended, and was not a failure
-- word: kind | failure | all of its runs failed, and no run of the line has finished since
-- word: usual_of | line | the closed loops of the line
-- word: usual_of | scholar | the closed loops of all of the scholar's lines
WITH latest AS (
  SELECT
    scholar_key, project_key,
    arg_max(experiment_key, (result_us, start_us, experiment_key)) AS experiment_key
  FROM experiment
  WHERE result_us IS NOT NULL AND NOT clock
  GROUP BY ALL
),
result AS (
  SELECT
    experiment.experiment_key, experiment.scholar_key, experiment.project_key,
    experiment.stream_key, experiment.result_us, project.as_of_us,
    CASE WHEN recovery.recovered IS NULL THEN 'result' ELSE 'failure' END AS kind,
    local_day(scholar.timezone, project.as_of_us) AS today,
    (
      SELECT count(*) FROM day_off
      WHERE day_off.scholar_key = experiment.scholar_key
        AND day_off.day >= local_day(scholar.timezone, experiment.result_us)
        AND day_off.day <= local_day(scholar.timezone, project.as_of_us)
    ) AS days_off
  FROM latest
  JOIN experiment USING (experiment_key)
  JOIN scholar ON scholar.scholar_key = experiment.scholar_key
  JOIN project ON project.project_key = experiment.project_key
  LEFT JOIN stream ON stream.stream_key = experiment.stream_key
  LEFT JOIN recovery ON recovery.experiment_key = experiment.experiment_key
  WHERE recovery.recovered IS DISTINCT FROM true
    AND scholar.attributed AND may_see($scope, scholar.scholar, stream.stream)
    AND ($streams::VARCHAR[] IS NULL OR list_contains($streams::VARCHAR[], stream.stream))
    AND ($scholars::VARCHAR[] IS NULL OR list_contains($scholars::VARCHAR[], scholar.scholar))
),
waiting AS (
  SELECT *, as_of_us AS reaction_end_us
  FROM result
  ANTI JOIN experiment AS after
    ON after.scholar_key = result.scholar_key AND after.project_key = result.project_key
    AND after.start_us >= result.result_us AND after.experiment_key <> result.experiment_key
  WHERE as_of_us - result_us <= reaction_limit_us() + days_off * 24 * hour_us()
),
calendar AS MATERIALIZED (
  FROM working_days_of('scholar', 'waiting')
),
closed AS (
  SELECT
    scholar_key, project_key,
    count(*) AS n,
    quantile_cont(reaction_working_us, usual_age().quantile) AS usual_us,
    median(reaction_working_us) AS median_us
  FROM loop
  SEMI JOIN waiting USING (scholar_key)
  WHERE status = 'closed'
  GROUP BY GROUPING SETS ((scholar_key, project_key), (scholar_key))
),
usual AS (
  SELECT waiting.experiment_key, coalesce(closed.n, 0) AS n, closed.* EXCLUDE (n)
  FROM waiting
  LEFT JOIN closed
    ON closed.scholar_key = waiting.scholar_key
    AND (closed.project_key = waiting.project_key AND closed.n >= usual_age().least
      OR closed.project_key IS NULL)
  -- Null, for all lines, comes last.
  QUALIFY row_number() OVER (
    PARTITION BY waiting.experiment_key ORDER BY closed.project_key NULLS LAST) = 1
),
known_usual AS (
  SELECT
    experiment_key, n,
    CASE WHEN n >= usual_age().least THEN usual_us END AS usual_us,
    CASE WHEN n >= usual_age().least THEN median_us END AS median_us,
    CASE WHEN n >= usual_age().least THEN CASE WHEN project_key IS NULL THEN 'scholar' ELSE 'line' END
      END AS usual_of
  FROM usual
),
mark AS (
  SELECT
    it.experiment_id, epoch_us(it.result_at) AS result_us, max(epoch_us(it.read_at)) AS read_us
  FROM (
    SELECT unnest($read::STRUCT(
      experiment_id VARCHAR, result_at TIMESTAMPTZ, read_at TIMESTAMPTZ)[]) AS it
  )
  GROUP BY ALL
),
named AS (
  SELECT
    waiting.*, known_usual.* EXCLUDE (experiment_key), week.saturdays, week.sundays, mark.read_us,
    scholar.scholar, scholar.name, project.entity, project.project, stream.stream,
    stream.name AS stream_name,
    concat_ws('/', project.entity, project.project, first_run.run_id) AS experiment_id,
    experiment_name(label.group_name, label.sweep, label.display_name, first_run.run_id) AS label,
    label.url,
    EXISTS (
      FROM experiment AS other
      WHERE other.scholar_key = waiting.scholar_key AND other.project_key <> waiting.project_key
        AND other.start_us >= waiting.result_us
    ) AS parked,
    EXISTS (
      FROM day_off
      WHERE day_off.scholar_key = waiting.scholar_key AND day_off.day = waiting.today
    ) AS away
  FROM waiting
  JOIN known_usual USING (experiment_key)
  JOIN scholar ON scholar.scholar_key = waiting.scholar_key
  JOIN project ON project.project_key = waiting.project_key
  LEFT JOIN stream ON stream.stream_key = waiting.stream_key
  JOIN run AS first_run ON first_run.run_key = waiting.experiment_key
  JOIN run_label AS label ON label.run_key = waiting.experiment_key
  JOIN setting ON true
  JOIN working_week AS week
    ON week.scholar_key = waiting.scholar_key
    AND week.week_start = period_of('week', local_day(setting.timezone, waiting.result_us))
  LEFT JOIN mark
    ON mark.experiment_id = concat_ws('/', project.entity, project.project, first_run.run_id)
    AND mark.result_us = waiting.result_us
),
timed AS (
  SELECT
    named.*,
    working_until(beginning, result_us, saturdays, sundays) AS from_us,
    working_until(ending, as_of_us, saturdays, sundays) - from_us AS working_us,
    working_until(ending, as_of_us, saturdays, sundays)
      - working_until(reading, read_us, saturdays, sundays) AS since_read_us
  FROM named
  ASOF LEFT JOIN calendar AS beginning
    ON beginning.scholar_key = named.scholar_key AND beginning.start_us <= named.result_us
  ASOF LEFT JOIN calendar AS ending
    ON ending.scholar_key = named.scholar_key AND ending.start_us <= named.as_of_us
  ASOF LEFT JOIN calendar AS reading
    ON reading.scholar_key = named.scholar_key
    AND reading.start_us <= coalesce(named.read_us, named.result_us)
),
met AS (
  -- Within the first window at whose end the line has waited for longer than its usual.
  SELECT
    timed.experiment_key,
    arg_min(
      day.start_us + greatest(ceil(usual_us)::BIGINT, hour_us())
        - (working_until(day, day.start_us, saturdays, sundays) - from_us),
      day.start_us) AS met_us
  FROM timed
  JOIN calendar AS day ON day.scholar_key = timed.scholar_key
  WHERE working_until(day, day.end_us, saturdays, sundays) - from_us > usual_us
    AND working_until(day, day.end_us, saturdays, sundays) - from_us >= hour_us()
    AND (day.weekend = 0 OR day.weekend = 6 AND saturdays OR day.weekend = 7 AND sundays)
  GROUP BY timed.experiment_key
),
judged AS (
  SELECT
    timed.*,
    read_us IS NOT NULL AND coalesce(since_read_us <= usual_us, true) AS marked_read,
    coalesce(working_us > usual_us AND working_us >= hour_us(), false) AS beyond,
    CASE WHEN beyond THEN met_us END AS met_us,
    beyond AND NOT parked AND NOT away AND NOT marked_read AS needs_decision
  FROM timed
  LEFT JOIN met USING (experiment_key)
),
shown AS (
  SELECT
    *,
    NOT needs_decision
      OR as_viewer($scope).hours IS NULL
      OR list_contains(as_viewer($scope).scholars, scholar)
      OR coalesce(list_contains(as_viewer($scope).streams, stream), false)
      OR as_of_us - met_us >= 24 * hour_us() AS named
  FROM judged
)
SELECT
  CASE WHEN named THEN scholar END AS scholar,
  CASE WHEN named THEN name END AS name,
  stream, stream_name,
  CASE WHEN named THEN entity END AS entity,
  CASE WHEN named THEN project END AS project,
  CASE WHEN named THEN experiment_id END AS experiment_id,
  CASE WHEN named THEN label END AS label,
  CASE WHEN named THEN url END AS url,
  kind,
  CASE WHEN named THEN make_timestamptz(result_us) END AS result_at,
  CASE WHEN named THEN (as_of_us - result_us) / hour_us() END AS waited_hours,
  CASE WHEN named THEN working_us / hour_us() END AS waited_working_hours,
  CASE WHEN named THEN usual_us / hour_us() END AS usual_working_hours,
  CASE WHEN named THEN median_us / hour_us() END AS usual_median_working_hours,
  CASE WHEN named THEN n END AS usual_n,
  CASE WHEN named THEN usual_of END AS usual_of,
  parked, away, marked_read, needs_decision, named,
  CASE WHEN may_see_hours($scope, scholar) THEN make_timestamptz(met_us) END AS met_rule_at
FROM shown
ORDER BY
  needs_decision DESC,
  CASE WHEN needs_decision
    THEN CASE WHEN usual_us = 0 THEN 'infinity'::DOUBLE ELSE working_us / usual_us END END DESC,
  CASE WHEN needs_decision THEN working_us END DESC,
  stream_key, lower(name), scholar, result_us, experiment_id
