-- title: Gaps between the runs on a host
-- Reads the tables host_stay and setting. One row per stretch [from, to) in which no run was present
-- on a host between two runs. A gap counts up to the setting `rented_gap_hours`: after that, the
-- host was probably returned.
CREATE OR REPLACE MACRO idle_gap(stays, settings) AS TABLE
WITH reached AS (
  SELECT
    entity, host, start_us,
    max(end_us) OVER (
      PARTITION BY entity, host ORDER BY start_us, end_us
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS free_us
  FROM query_table(stays)
)
SELECT entity, host, free_us AS from_us, least(start_us, free_us + rented_gap_us) AS to_us
FROM reached, query_table(settings)
WHERE start_us > free_us
