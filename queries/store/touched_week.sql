-- title: From which week on weekly figures are made again
-- The Monday of the earliest week that a row of the scholars in scope changed in, or of the last
-- week derived before, which as_of has lengthened since.
WITH changed AS (
  SELECT day FROM (
    FROM temp.day_fact EXCEPT SELECT * FROM derived.day_fact WHERE scholar_key IN (FROM scope))
  UNION ALL
  SELECT day FROM (
    SELECT * FROM derived.day_fact WHERE scholar_key IN (FROM scope) EXCEPT FROM temp.day_fact)
  UNION ALL
  SELECT start_day FROM (
    FROM temp.loop EXCEPT SELECT * FROM derived.loop WHERE scholar_key IN (FROM scope))
  UNION ALL
  SELECT start_day FROM (
    SELECT * FROM derived.loop WHERE scholar_key IN (FROM scope) EXCEPT FROM temp.loop)
  UNION ALL
  SELECT signal_day FROM (
    FROM temp.recovery EXCEPT SELECT * FROM derived.recovery WHERE scholar_key IN (FROM scope))
  UNION ALL
  SELECT signal_day FROM (
    SELECT * FROM derived.recovery WHERE scholar_key IN (FROM scope) EXCEPT FROM temp.recovery)
  UNION ALL
  SELECT day FROM (
    SELECT * REPLACE (round(gpu_us) AS gpu_us) FROM temp.gpu_charge
    EXCEPT
    SELECT * REPLACE (round(gpu_us) AS gpu_us) FROM derived.gpu_charge
    WHERE host_key IN (FROM touched_host))
  UNION ALL
  SELECT day FROM (
    SELECT * REPLACE (round(gpu_us) AS gpu_us) FROM derived.gpu_charge
    WHERE host_key IN (FROM touched_host)
    EXCEPT
    SELECT * REPLACE (round(gpu_us) AS gpu_us) FROM temp.gpu_charge)
  UNION ALL
  SELECT max(week_start) FROM derived.weekly
)
SELECT date_trunc('week', min(day))::DATE AS week_start
FROM changed
