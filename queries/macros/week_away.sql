-- title: Weeks away
-- Takes the tables scholar and day_off. One row per scholar and week (its Monday) in which at least
-- three fifths of the scholar's working days, of Monday to Friday without workdays, are days off.
CREATE OR REPLACE MACRO week_away(scholars, days_off) AS TABLE
WITH working AS (
  SELECT scholar_key, coalesce(workdays, '12345') AS workdays FROM query_table(scholars)
)
SELECT scholar_key, period_of('week', day) AS week_start
FROM query_table(days_off)
JOIN working USING (scholar_key)
WHERE contains(workdays, isodow(day)::VARCHAR)
GROUP BY scholar_key, workdays, week_start
HAVING count(*) * 5 >= len(workdays) * 3
