-- title: Weekly figures to replace
-- table: weekly_before
-- The figures that `weekly_figure` replaces, all figures from the newest week on, and those of
-- scholars who no longer exist.
-- param: newest | DATE | Monday of the first week that is computed again for everybody
FROM derived.weekly
WHERE week_start >= $newest::DATE
  OR (kind, group_id, week_start) IN (SELECT (kind, group_id, period_start) FROM weekly_figure)
  OR kind = 'scholar' AND group_id NOT IN (SELECT scholar FROM scholar WHERE attributed)
