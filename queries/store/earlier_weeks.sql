-- title: Weeks that nothing changed in
-- Puts the weeks before an instant, as they were, beside those made again.
-- param: since | DATE | Monday of the first week made again
INSERT INTO weekly_figure BY NAME
SELECT * EXCLUDE (week_start, running), week_start AS period_start
FROM derived.weekly
WHERE week_start < $since::DATE
