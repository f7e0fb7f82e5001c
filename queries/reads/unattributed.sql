-- title: Users who are not in the roster
-- One row per W&B username whose runs count in programme totals only.
-- param: scope | STRUCT | what the viewer may see
SELECT
  coalesce(any_value(label.username), scholar.scholar) AS username,
  count(*) AS runs,
  make_timestamptz(min(run.start_us)) AS first_at,
  make_timestamptz(max(run.start_us)) AS last_at
FROM run
JOIN run_label AS label USING (run_key)
JOIN actor AS scholar USING (scholar_key)
WHERE NOT scholar.attributed AND may_see($scope, NULL, NULL)
GROUP BY scholar.owner_key, scholar.scholar
ORDER BY runs DESC, username
