-- title: Flags
-- One row per flag that a run bears: how many runs do, which share of all, what was held against what,
-- what counts instead, and whether it is a fault; most runs first.
-- param: scope | STRUCT | what the viewer may see
WITH seen AS (
  SELECT run.flags
  FROM run
  JOIN scholar USING (scholar_key)
  LEFT JOIN stream USING (stream_key)
  WHERE may_see($scope, scholar.scholar, stream.stream)
),
counted AS (
  SELECT flag, count(*) AS runs FROM (SELECT unnest(flags) AS flag FROM seen) GROUP BY flag
)
SELECT
  flag, counted.runs, counted.runs / (SELECT count(*) FROM seen) AS share, held, used, fault
FROM counted
JOIN meaning_of_flag() USING (flag)
ORDER BY counted.runs DESC, place
