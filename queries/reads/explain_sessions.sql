-- title: Explanation: sessions
-- One row per session of the runs of experiments that overlap the window, with its hours inside the
-- window.
-- param: by | VARCHAR | scholar, stream or programme
-- param: group_id | VARCHAR | id of the group
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: actor | VARCHAR | whose launches: person, automation or all
-- param: scope | STRUCT | what the viewer may see
-- word: end_source | runtime | ends one runtime after its start
-- word: end_source | heartbeat | ends at its last heartbeat
-- word: end_source | last_metric | ends at its last logged row
-- word: end_source | runtime_share | an earlier session of a resumed run: ends after its share of the runtime
-- word: end_source | next_session | an earlier session of a resumed run: ends when the next begins
-- word: end_source | open | still running, counted to the end of the data
-- word: end_source | stale_heartbeat | presumed dead: ends at its last heartbeat
-- word: end_source | unknown | its end is not known: it has no length
WITH bound AS (
  FROM bounds_of('setting', $from_day::DATE, $to_day::DATE)
),
inside AS MATERIALIZED (
  -- The few runs of the window are found before anything else is joined to them.
  SELECT run.run_key, scholar.name AS scholar, experiment.start_us
  FROM run
  JOIN acting('actor', $actor) AS scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  JOIN experiment USING (experiment_key),
  bound
  WHERE of_group(
      $by, $group_id::VARCHAR, $scope, scholar.scholar, scholar.attributed, stream.stream)
    AND coalesce(experiment.start_day < $to_day::DATE, true)
    AND coalesce(experiment.last_end_us >= bound.from_us, true)
)
SELECT
  concat_ws('/', project.entity, project.project, run.run_id) AS run,
  coalesce(label.display_name, run.run_id) AS name,
  inside.scholar,
  session.number AS session,
  make_timestamptz(session.start_us) AS started_at,
  make_timestamptz(session.end_us) AS ended_at,
  session.open, session.end_source, session.estimated, session.clock,
  (session.end_us - session.start_us) / hour_us() AS hours,
  session.active_us / hour_us() AS active_hours,
  clipped(session.start_us, session.end_us, bound.from_us, bound.to_us) / hour_us() AS hours_inside
FROM inside
JOIN session USING (run_key)
JOIN run USING (run_key)
JOIN run_label AS label USING (run_key)
JOIN project ON project.project_key = run.project_key,
bound
ORDER BY inside.start_us, run.experiment_key, run.start_us, run.run_id, session.number
