-- title: Weekly figures that nothing has moved
-- Puts them, as they were, beside those made again: of everybody before a first week, and of
-- scholars who were not touched up to the newest week.
-- param: since | DATE | Monday of the first week made again for anybody
-- param: newest | DATE | Monday of the first week made again for everybody
INSERT INTO weekly_figure BY NAME
SELECT * EXCLUDE (week_start, running), week_start AS period_start
FROM derived.weekly
WHERE week_start < $since::DATE
  OR (
    kind = 'scholar' AND week_start < $newest::DATE
    AND group_id NOT IN (FROM touched_scholar)
    AND group_id IN (SELECT scholar FROM scholar WHERE attributed)
  )
