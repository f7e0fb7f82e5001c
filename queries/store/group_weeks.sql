-- title: Weeks of groups to publish
-- One row per group of streams and unpublished week that ended at least 48 hours before the end of
-- the data. Streams with fewer than 5 members at the end of the week merge, smallest first, into
-- "other streams" until that group has 5. If it never does, there are no groups. A person's figure
-- under 5 enters the sum as 0 or 5, at random. So anybody in a sum may have done almost nothing: no
-- sum shows otherwise, not even to somebody who knows the figures of the others.
WITH fact AS (
  SELECT
    date_trunc('week', day_fact.day)::DATE AS week_start, scholar.scholar, stream.stream, day_fact.*
  FROM day_fact
  JOIN stream USING (stream_key)
  JOIN scholar USING (scholar_key)
  WHERE scholar.attributed
),
edge AS (
  SELECT any_value(timezone) AS timezone, max(as_of) AS as_of FROM project, setting
),
week AS (
  SELECT unnest(generate_series(
    (SELECT min(week_start)::TIMESTAMP FROM fact), timezone(timezone, as_of), INTERVAL 7 DAY
  ))::DATE AS week_start
  FROM edge
),
due AS (
  SELECT week_start
  FROM week, edge
  WHERE begin_of_day(timezone, week_start + 7) + 2 * 86400000000 <= epoch_us(as_of)
    AND week_start NOT IN (SELECT week_start FROM group_week)
    AND coalesce(week_start >= (SELECT max(week) FROM archived), true)
),
member AS (
  SELECT DISTINCT week_start, stream_key, scholar_key
  FROM due
  JOIN membership ON from_date <= week_start + 6 AND to_date > week_start + 6
),
ranked AS (
  SELECT
    week_start, stream.stream_key, stream.stream, stream.name, count(scholar_key) AS members,
    row_number() OVER (
      PARTITION BY week_start ORDER BY count(scholar_key), stream.stream_key) AS place
  FROM due
  CROSS JOIN stream
  LEFT JOIN member USING (week_start, stream_key)
  GROUP BY week_start, stream.stream_key, stream.stream, stream.name
),
-- The number of people in the smallest streams up to a place; somebody in several streams counts
-- once.
reached AS (
  SELECT ranked.week_start, ranked.place, count(entered.scholar_key) AS people
  FROM ranked
  LEFT JOIN (
    SELECT week_start, scholar_key, min(place) AS place
    FROM ranked
    JOIN member USING (week_start, stream_key)
    GROUP BY ALL
  ) AS entered ON entered.week_start = ranked.week_start AND entered.place <= ranked.place
  GROUP BY ALL
),
small AS (
  SELECT week_start, count(*) FILTER (members < at_least().members) AS streams FROM ranked GROUP BY week_start
),
merged AS (
  SELECT
    small.week_start,
    CASE WHEN any_value(small.streams) = 0 THEN 0 ELSE
      min(reached.place) FILTER (reached.people >= at_least().members AND reached.place >= small.streams)
    END AS places
  FROM small
  JOIN reached USING (week_start)
  GROUP BY small.week_start
),
grouped AS (
  SELECT
    week_start, stream_key, stream,
    CASE WHEN place <= places THEN 'other streams' ELSE stream END AS group_id,
    CASE WHEN place <= places THEN 'Other streams' ELSE name END AS group_name,
    CASE WHEN place <= places THEN NULL ELSE stream_key END AS position
  FROM ranked
  JOIN merged USING (week_start)
  WHERE places IS NOT NULL
),
charged AS (
  SELECT grouped.week_start, group_id, scholar, sum(charge.gpu_us) / hour_us() AS gpu_hours
  FROM gpu_charge AS charge
  JOIN actor AS scholar USING (scholar_key)
  JOIN grouped ON grouped.stream_key = charge.stream_key
    AND grouped.week_start = date_trunc('week', charge.day)::DATE
  WHERE scholar.attributed
  GROUP BY ALL
),
worked AS (
  SELECT
    week_start, group_id, scholar,
    list(DISTINCT stream ORDER BY stream) FILTER (busy_us > 0 OR experiments_started > 0) AS streams,
    sum(experiments_started) AS experiments_started,
    sum(experiments_concluded) AS experiments_concluded,
    sum(runs_finished + runs_failed + runs_killed + runs_preempted + runs_unknown) AS runs_ended,
    sum(runs_failed) AS runs_failed,
    sum(busy_us) / hour_us() AS busy_hours,
    sum(serial_us) / hour_us() AS serial_hours
  FROM fact
  JOIN grouped USING (week_start, stream_key, stream)
  GROUP BY ALL
),
person AS (
  SELECT
    week_start, group_id, scholar, streams,
    (SELECT id FROM identity) || ' ' || week_start || ' ' || group_id || ' ' || scholar || ' ' AS words,
    coalesce(experiments_started, 0) AS experiments_started,
    coalesce(experiments_concluded, 0) AS experiments_concluded,
    coalesce(runs_ended, 0) AS runs_ended,
    coalesce(runs_failed, 0) AS runs_failed,
    coalesce(busy_hours, 0) AS busy_hours,
    coalesce(serial_hours, 0) AS serial_hours,
    coalesce(gpu_hours, 0) AS gpu_hours
  FROM worked
  FULL JOIN charged USING (week_start, group_id, scholar)
),
cell AS (
  SELECT
    week_start, group_id,
    list({'scholar': scholar, 'streams': streams} ORDER BY scholar) FILTER (streams IS NOT NULL)
      AS people,
    sum(small_by_chance(experiments_started, words || 'started')) AS experiments_started,
    sum(small_by_chance(experiments_concluded, words || 'concluded')) AS experiments_concluded,
    sum(small_by_chance(runs_ended, words || 'ended')) AS runs_ended,
    sum(small_by_chance(runs_failed, words || 'failed')) AS runs_failed,
    sum(small_by_chance(busy_hours, words || 'busy')) AS busy_hours,
    sum(small_by_chance(serial_hours, words || 'serial')) AS serial_hours,
    sum(small_by_chance(gpu_hours, words || 'gpu')) AS gpu_hours
  FROM person
  GROUP BY ALL
  HAVING count(streams) >= at_least().active
)
SELECT
  cells.week_start, cells.group_id, cells.group_name, cells.position,
  coalesce(cell.people, []) AS people,
  rounded_amount(cell.experiments_started) AS experiments_started,
  rounded_amount(cell.experiments_concluded) AS experiments_concluded,
  rounded_amount(cell.runs_ended) AS runs_ended,
  round(cell.runs_failed)::BIGINT AS runs_failed,
  rounded_amount(cell.busy_hours) AS busy_hours,
  round(cell.serial_hours)::BIGINT AS serial_hours,
  rounded_amount(cell.gpu_hours) AS gpu_hours,
  (SELECT as_of FROM edge) AS published_at
FROM (SELECT DISTINCT week_start, group_id, group_name, position FROM grouped) AS cells
LEFT JOIN cell USING (week_start, group_id)
