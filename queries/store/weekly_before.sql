-- title: Weekly figures made again
-- table: weekly_before
-- Those that `weekly_figure` replaces, all from the newest week on, and those of scholars who are
-- nobody any more.
-- param: newest | DATE | Monday of the first week made again for everybody
FROM derived.weekly
WHERE week_start >= $newest::DATE
  OR (kind, group_id, week_start) IN (SELECT (kind, group_id, period_start) FROM weekly_figure)
  OR kind = 'scholar' AND group_id NOT IN (SELECT scholar FROM scholar WHERE attributed)
