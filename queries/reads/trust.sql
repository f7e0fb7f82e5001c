-- title: Is the data trustworthy?
-- One row: the instant up to which the data is complete (that of the oldest project), the number of
-- its runs that the viewer may see, how many of them automation launched, how many more count
-- nowhere because of a rule, the share that belongs to a known scholar, the counts of doubtful runs,
-- the minutes without a heartbeat after which a run is stale, and the usual hours between two syncs
-- of a project (the median of the last 20 gaps; null if there was only one sync).
-- param: scope | STRUCT | what the viewer may see
WITH held AS (
  SELECT
    project_key, attributed, actor, class, clock, estimated, end_source, flags,
    excluded IS NOT DISTINCT FROM 'ignored' AS ignored
  FROM run
  JOIN actor AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE may_see($scope, scholar.scholar, stream.stream)
),
counted AS (
  SELECT
    count(*) FILTER (NOT ignored) AS runs,
    count(DISTINCT project_key) FILTER (NOT ignored) AS projects,
    count(*) FILTER (NOT ignored AND actor = 'automation') AS automated_runs,
    count(*) FILTER (ignored) AS ignored_runs,
    count(*) FILTER (NOT ignored AND attributed) / nullif(count(*) FILTER (NOT ignored), 0)
      AS attributed_share,
    count(*) FILTER (NOT ignored AND class = 'stale') AS stale_runs,
    count(*) FILTER (NOT ignored AND clock) AS clock_runs,
    count(*) FILTER (NOT ignored AND estimated) AS estimated_runs,
    count(*) FILTER (NOT ignored AND end_source = 'unknown') AS unknown_end_runs,
    count(*) FILTER (NOT ignored AND is_doubtful(list_filter(
      flags, lambda it: it NOT IN ('clock', 'estimated', 'unknown_end')))) AS contradicted_runs
  FROM held
),
known AS (
  SELECT min(as_of) AS as_of, count(*) AS projects FROM project
),
person AS (
  SELECT count(DISTINCT scholar_key) AS scholars
  FROM scholar
  LEFT JOIN membership USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE scholar.attributed AND may_see($scope, scholar.scholar, stream.stream)
),
gap AS (
  SELECT epoch_us(started_at) - epoch_us(lag(started_at) OVER (
    PARTITION BY command, entity, project ORDER BY started_at)) AS gap_us
  FROM sync_log
  WHERE error IS NULL
  QUALIFY gap_us IS NOT NULL
  ORDER BY started_at DESC
  LIMIT 20
),
refused AS (
  SELECT count(*) AS rejected_rows FROM rejected WHERE may_see($scope, NULL, NULL)
),
edge AS (
  SELECT min(day) AS first_day FROM day_fact
)
SELECT
  known.as_of,
  setting.timezone,
  stale_us / 6e7 AS stale_after_minutes,
  CASE WHEN may_see($scope, NULL, NULL) THEN known.projects ELSE counted.projects END AS projects,
  person.scholars,
  counted.* EXCLUDE (projects),
  refused.rejected_rows,
  edge.first_day,
  (SELECT CASE WHEN count(*) >= 2 THEN median(gap_us) / hour_us() END FROM gap) AS sync_every_hours
FROM counted, known, setting, person, refused, edge
