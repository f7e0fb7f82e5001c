-- title: Can this be trusted?
-- One row: to which instant the data is complete (the oldest of its projects), how many runs it
-- holds, which share of them belongs to a known scholar, and what is doubtful.
SELECT
  (SELECT min(as_of) FROM project) AS as_of,
  (SELECT timezone FROM setting) AS timezone,
  (SELECT count(*) FROM project) AS projects,
  (SELECT count(*) FROM scholar WHERE attributed) AS scholars,
  count(*) AS runs,
  count(*) FILTER (scholar.attributed) / nullif(count(*), 0) AS attributed_share,
  count(*) FILTER (class = 'stale') AS stale_runs,
  count(*) FILTER (clock) AS clock_runs,
  count(*) FILTER (estimated) AS estimated_runs,
  count(*) FILTER (end_source = 'unknown') AS unknown_end_runs,
  (SELECT count(*) FROM rejected) AS rejected_rows,
  (SELECT min(day) FROM day_fact) AS first_day
FROM run
JOIN scholar USING (scholar_key)
