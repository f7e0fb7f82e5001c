-- title: Weekly figures that nothing has moved
-- Puts them, as they were, beside those made again: everything before the first touched week, then
-- scholars who were not touched, and of streams and the programme the weeks that were not.
-- param: weeks | DATE[] | Mondays of the touched weeks, in order
-- param: newest | DATE | Monday of the first week made again for everybody
INSERT INTO weekly_figure BY NAME
SELECT * EXCLUDE (week_start, running), week_start AS period_start
FROM derived.weekly
WHERE week_start < $newest::DATE AND CASE
    WHEN week_start < $weeks[1]::DATE THEN true
    WHEN kind = 'scholar'
      THEN group_id NOT IN (FROM touched_scholar)
        AND group_id IN (SELECT scholar FROM scholar WHERE attributed)
    ELSE NOT list_contains($weeks::DATE[], week_start)
  END
