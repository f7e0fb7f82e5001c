-- title: What a run reports
-- table: run_reported
-- One row per run of the scholars in scope, and per run of anybody that shares its id with one of
-- them: its clocks, runtime and state. Times are integer microseconds UTC, null if not known.
WITH launch AS (
  -- The hash of an id is enough: step 010 compares the ids of twins themselves.
  SELECT run_key, hash(id_of_launch(run_id)) AS id_hash FROM raw_run WHERE deleted_at IS NULL
  UNION ALL
  SELECT run_key, hash(unnest(same_as)) FROM raw_run
  WHERE deleted_at IS NULL AND same_as IS NOT NULL
),
own AS (
  SELECT run_key FROM run_scholar WHERE scholar_key IN (FROM scope)
),
twin AS MATERIALIZED (
  SELECT id_hash
  FROM launch
  WHERE id_hash IN (SELECT id_hash FROM launch WHERE run_key IN (FROM own))
  GROUP BY id_hash
  HAVING count(*) > 1
),
included AS (
  -- The many other columns are read only for these runs.
  FROM own
  UNION ALL
  SELECT run_key FROM launch WHERE id_hash IN (FROM twin)
),
reported AS (
  SELECT
    raw.*,
    number.scholar_key,
    number.ignored,
    project.project_key,
    epoch_us(project.as_of) AS as_of_us,
    id_of_launch(raw.run_id) AS launch_id,
    raw.same_as IS NOT NULL OR hash(launch_id) IN (FROM twin) AS twin,
    raw.runtime_s - coalesce(raw.earlier_runtime_s, 0) AS own_s
  FROM raw_run AS raw
  JOIN run_scholar AS number USING (run_key)
  JOIN project ON project.entity = raw.entity AND project.project = raw.project
  WHERE raw.deleted_at IS NULL
    AND run_key IN (FROM included)
)
SELECT
  run_key, entity, project, run_id, launch_id, scholar_key, ignored, project_key, as_of_us, source,
  trust, seen_at, twin, same_as,
  class_of(state) AS word,
  epoch_us(created_at) AS created_us,
  epoch_us(submitted_at) AS submitted_us,
  epoch_us(heartbeat_at) AS heartbeat_us,
  epoch_us(stamp) AS stamp_us,
  epoch_us(last_metric_at) AS last_row_us,
  -- At most 30,000 years, which is still within the range of the arithmetic.
  CASE WHEN own_s >= 0 THEN round(least(own_s, 1e12) * 1e6)::BIGINT END AS runtime_us,
  coalesce(own_s < 0, false) AS runtime_negative,
  coalesce(list_sort(list_transform(
    list_filter(writers, lambda it: it.start IS NOT NULL), lambda it: epoch_us(it.start))), [])
    AS starts,
  -- A directory of local files is a session that records its own end.
  coalesce(source = 'files' AND len(list_filter(
    writers, lambda it: coalesce(it.runtime_s::VARCHAR, it.heartbeat_at::VARCHAR) IS NOT NULL)) > 0,
    false) AS sessions_recorded,
  coalesce(resumed, false) AS resumed,
  coalesce(offline, false) AS offline,
  coalesce(shared, false) AS shared,
  coalesce(rewound, false) AS rewound,
  coalesce(relaunched, false) AS relaunched,
  coalesce(len(unreadable) > 0, false) AS unreadable,
  -- No client ever wrote, and the server only recorded the creation.
  coalesce(NOT wrote AND coalesce(history_rows, 0) = 0
    AND coalesce(heartbeat_at <= created_at + INTERVAL 1 MINUTE, true), false) AS never_began
FROM reported
