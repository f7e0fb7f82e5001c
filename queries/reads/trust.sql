-- title: Is the data trustworthy?
-- One row: the instant up to which the data is complete (that of the oldest project), the number of
-- its runs that the viewer may see, how many of them automation launched, how many more count
-- nowhere because of a rule, the share that belongs to a known scholar, the counts of doubtful runs,
-- the minutes without a heartbeat after which a run is stale, and the usual hours between two syncs
-- of a project (the median of the last 20 gaps; null if there was only one sync).
-- param: scope | STRUCT | what the viewer may see
WITH held AS (
  SELECT run.*, scholar.attributed, scholar.actor
  FROM run
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE may_see($scope, scholar.scholar, stream.stream)
),
seen AS (
  FROM held WHERE excluded IS DISTINCT FROM 'ignored'
)
SELECT
  (SELECT min(as_of) FROM project) AS as_of,
  (SELECT timezone FROM setting) AS timezone,
  (SELECT stale_us / 6e7 FROM setting) AS stale_after_minutes,
  (
    SELECT count(*) FROM project
    WHERE may_see($scope, NULL, NULL) OR project_key IN (SELECT project_key FROM seen)
  ) AS projects,
  (
    SELECT count(DISTINCT scholar_key)
    FROM scholar
    LEFT JOIN membership USING (scholar_key)
    LEFT JOIN stream USING (stream_key)
    WHERE scholar.attributed AND may_see($scope, scholar.scholar, stream.stream)
  ) AS scholars,
  count(*) AS runs,
  count(*) FILTER (actor = 'automation') AS automated_runs,
  (SELECT count(*) FROM held WHERE excluded = 'ignored') AS ignored_runs,
  count(*) FILTER (attributed) / nullif(count(*), 0) AS attributed_share,
  count(*) FILTER (class = 'stale') AS stale_runs,
  count(*) FILTER (clock) AS clock_runs,
  count(*) FILTER (estimated) AS estimated_runs,
  count(*) FILTER (end_source = 'unknown') AS unknown_end_runs,
  count(*) FILTER (is_doubtful(list_filter(
    flags, lambda it: it NOT IN ('clock', 'estimated', 'unknown_end')))) AS contradicted_runs,
  (SELECT count(*) FROM rejected WHERE may_see($scope, NULL, NULL)) AS rejected_rows,
  (SELECT min(day) FROM day_fact) AS first_day,
  (
    SELECT CASE WHEN count(*) >= 2 THEN median(gap_us) / hour_us() END
    FROM (
      SELECT epoch_us(started_at) - epoch_us(lag(started_at) OVER (
        PARTITION BY command, entity, project ORDER BY started_at)) AS gap_us
      FROM sync_log
      WHERE error IS NULL
      QUALIFY gap_us IS NOT NULL
      ORDER BY started_at DESC
      LIMIT 20
    )
  ) AS sync_every_hours
FROM seen
