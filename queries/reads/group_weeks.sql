-- title: Fixed groups by week
-- A row a group of streams and whole week, then a row a week for all of them: what is shown to those
-- who may not see people. Streams with fewer than 5 members of the roster merge, smallest first, into
-- "other streams" until that has 5; where it never does, there are no groups. A group-week with fewer
-- than 4 active people is blank and left out of the total, so that no difference of two figures is
-- about fewer than 4.
-- param: scope | STRUCT | what the viewer may see
WITH member AS (
  SELECT DISTINCT stream_key, scholar_key FROM membership
),
ranked AS (
  SELECT
    stream.stream_key, stream.stream, stream.name, count(member.scholar_key) AS members,
    row_number() OVER (ORDER BY count(member.scholar_key), stream.stream_key) AS place
  FROM stream
  LEFT JOIN member USING (stream_key)
  GROUP BY stream.stream_key, stream.stream, stream.name
),
-- How many people the smallest streams up to a place have; one person of several counts once.
reached AS (
  SELECT ranked.place, count(entered.scholar_key) AS people
  FROM ranked
  LEFT JOIN (
    SELECT scholar_key, min(place) AS place
    FROM ranked
    JOIN member USING (stream_key)
    GROUP BY scholar_key
  ) AS entered ON entered.place <= ranked.place
  GROUP BY ranked.place
),
small AS (
  SELECT count(*) AS streams FROM ranked WHERE members < 5
),
merged AS (
  SELECT
    CASE WHEN small.streams = 0 THEN 0 ELSE (
      SELECT min(place) FROM reached WHERE people >= 5 AND place >= small.streams
    ) END AS places
  FROM small
),
grouped AS (
  SELECT
    stream_key,
    CASE WHEN place <= places THEN 'other streams' ELSE stream END AS group_id,
    CASE WHEN place <= places THEN 'Other streams' ELSE name END AS group_name,
    CASE WHEN place <= places THEN NULL ELSE stream_key END AS position
  FROM ranked, merged
  WHERE places IS NOT NULL AND as_viewer($scope).fixed_groups
),
fact AS (
  SELECT grouped.group_id, period_of('week', day_fact.day) AS week_start, day_fact.*
  FROM day_fact
  JOIN grouped USING (stream_key)
  JOIN scholar USING (scholar_key)
  WHERE scholar.attributed
),
charged AS (
  SELECT grouped.group_id, period_of('week', charge.day) AS week_start, sum(charge.gpu_us) AS gpu_us
  FROM gpu_charge AS charge
  JOIN scholar USING (scholar_key)
  JOIN grouped USING (stream_key)
  WHERE scholar.attributed
  GROUP BY ALL
),
edge AS (
  SELECT local_day(any_value(timezone), epoch_us(min(as_of))) AS last_day FROM project, setting
),
cell AS (
  SELECT
    group_id, week_start,
    sum(experiments_started) AS experiments_started,
    sum(experiments_concluded) AS experiments_concluded,
    sum(runs_finished + runs_failed + runs_killed + runs_preempted + runs_unknown) AS runs_ended,
    sum(runs_failed) AS runs_failed,
    sum(busy_us) AS busy_us, sum(serial_us) AS serial_us, sum(experiment_us) AS experiment_us
  FROM fact
  GROUP BY ALL
  HAVING count(DISTINCT scholar_key) FILTER (busy_us > 0 OR experiments_started > 0) >= 4
),
calendar AS (
  SELECT group_id, any_value(group_name) AS group_name, any_value(position) AS position, week_start
  FROM grouped, (SELECT DISTINCT week_start FROM fact), edge
  WHERE week_start + 7 <= last_day
  GROUP BY group_id, week_start
),
shown AS (
  SELECT calendar.*, cell.* EXCLUDE (group_id, week_start), coalesce(charged.gpu_us, 0) AS gpu_us
  FROM calendar
  LEFT JOIN cell USING (group_id, week_start)
  LEFT JOIN charged USING (group_id, week_start)
),
added AS (
  SELECT
    coalesce(group_id, 'all groups') AS group_key,
    CASE WHEN group_id IS NULL THEN 'All groups shown' ELSE any_value(group_name) END AS group_name,
    group_id IS NULL AS whole,
    any_value(position) AS position,
    week_start,
    count(busy_us) > 0 AS visible,
    sum(experiments_started)::BIGINT AS experiments_started,
    sum(experiments_concluded)::BIGINT AS experiments_concluded,
    sum(runs_ended)::BIGINT AS runs_ended,
    sum(runs_failed)::BIGINT AS runs_failed,
    sum(busy_us)::BIGINT AS busy_us,
    sum(serial_us)::BIGINT AS serial_us,
    sum(experiment_us)::BIGINT AS experiment_us,
    sum(gpu_us) FILTER (busy_us IS NOT NULL) AS gpu_us
  FROM shown
  GROUP BY GROUPING SETS ((group_id, week_start), (week_start))
)
SELECT
  group_key AS group_id, group_name, week_start, visible,
  experiments_started, experiments_concluded,
  runs_ended, failure_share(runs_failed, runs_ended) AS failure_share,
  busy_us / 3.6e9 AS busy_hours,
  serial_share(serial_us, busy_us) AS serial_share,
  experiment_parallelism(experiment_us, busy_us) AS experiment_parallelism,
  gpu_us / 3.6e9 AS gpu_hours
FROM added
ORDER BY whole, position NULLS LAST, group_key, week_start
