-- title: Flags
-- One row per flag that a run has, most runs first: the number of runs, their share of all runs,
-- the contradiction or gap, the value used instead, and whether the flag is a fault.
-- param: scope | STRUCT | what the viewer may see
WITH seen AS (
  SELECT run.flags
  FROM run
  JOIN actor AS scholar USING (scholar_key)
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
