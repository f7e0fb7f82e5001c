-- title: Days off
-- One row per day on which a scholar does not work, in order: "away", or the name of the holiday.
-- Only the scholar can see them.
-- param: scholar | VARCHAR | only this scholar, null = all
-- param: scope | STRUCT | what the viewer may see
SELECT scholar.scholar, off.day, coalesce(holiday.text, 'away') AS what
FROM day_off AS off
JOIN scholar USING (scholar_key)
LEFT JOIN (
  SELECT day, min(text) AS text FROM note WHERE about = 'holiday' AND kind = 'programme' GROUP BY day
) AS holiday USING (day)
WHERE ($scholar::VARCHAR IS NULL OR scholar.scholar = $scholar::VARCHAR)
  AND may_see($scope, scholar.scholar, NULL) AND may_see_hours($scope, scholar.scholar)
ORDER BY scholar.scholar, off.day
