-- title: Restated weeks
-- Records every count and sum of a week that was over when it was last derived (`weekly_before`) and
-- is another one now: runs that arrived late, clocks put right, another roster or other settings.
-- Medians and shares follow from these and are not recorded by themselves.
-- param: reason | VARCHAR | data, or configuration where settings or roster changed
INSERT INTO restatement
WITH before AS (
  UNPIVOT (
    SELECT
      kind, group_id, week_start,
      experiments_started::DOUBLE AS experiments_started,
      experiments_concluded::DOUBLE AS experiments_concluded,
      runs_started::DOUBLE AS runs_started,
      runs_failed::DOUBLE AS runs_failed,
      busy_hours, gpu_hours
    FROM weekly_before
    WHERE NOT running
  )
  ON COLUMNS(* EXCLUDE (kind, group_id, week_start)) INTO NAME measure VALUE value
),
after AS (
  UNPIVOT (
    SELECT
      kind, group_id, week_start,
      experiments_started::DOUBLE AS experiments_started,
      experiments_concluded::DOUBLE AS experiments_concluded,
      runs_started::DOUBLE AS runs_started,
      runs_failed::DOUBLE AS runs_failed,
      busy_hours, gpu_hours
    FROM derived.weekly
    WHERE week_start <= (SELECT max(week_start) FROM weekly_before WHERE NOT running)
      AND (kind, group_id) IN (SELECT (kind, group_id) FROM weekly_before)
  )
  ON COLUMNS(* EXCLUDE (kind, group_id, week_start)) INTO NAME measure VALUE value
)
SELECT
  kind, group_id, week_start, measure, coalesce(before.value, 0), coalesce(after.value, 0),
  $reason::VARCHAR, (SELECT max(as_of) FROM project)
FROM after
FULL JOIN before USING (kind, group_id, week_start, measure)
WHERE abs(coalesce(after.value, 0) - coalesce(before.value, 0)) > 1e-6
