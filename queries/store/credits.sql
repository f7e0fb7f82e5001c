-- title: Rates, grants and recent charges
-- The rate of each GPU type from each day on (the first of several rates for the same day), the
-- grants, and the charges of the last days up to as_of, over which the burn is averaged: each charge
-- once for either number of days.
CREATE OR REPLACE TABLE derived.gpu_rate AS
SELECT gpu_type, from_date, arg_min(credits_per_gpu_hour, position) AS credits_per_gpu_hour
FROM rate_of_type
GROUP BY ALL;

-- What archived runs cost is taken off the grants, so that the credits left stay the same.
CREATE OR REPLACE TABLE derived.credit_grant AS
FROM temp.credit_grant
UNION ALL BY NAME
FROM archived_credits;

CREATE OR REPLACE TABLE derived.recent_charge AS
WITH edge AS (
  SELECT days, epoch_us(as_of - to_days(days)) AS edge_us
  FROM (SELECT max(as_of) AS as_of FROM project), (SELECT unnest([pace().days, pace().week]) AS days)
),
recent AS (
  SELECT *
  FROM (
    -- Of the many charges, only the latest meet both edges.
    FROM derived.gpu_charge
    WHERE gpu_us IS NOT NULL AND to_us > (SELECT min(edge_us) FROM edge)
  )
  JOIN edge ON to_us > edge_us
)
SELECT days, run_key, scholar_key, stream_key, gpu_type, day, gpu_us
FROM recent
WHERE from_us >= edge_us
UNION ALL
-- Only the part of a charge after the start of these days.
SELECT
  charge.days,
  charge.run_key, charge.scholar_key, charge.stream_key, charge.gpu_type, charge.day,
  charge.gpus * (
    ends.share_us - (begun.share_us + begun.share * (charge.edge_us - begun.at_us)))
FROM (FROM recent WHERE from_us < edge_us) AS charge
JOIN derived.host_share AS ends ON ends.host_key = charge.host_key AND ends.at_us = charge.to_us
ASOF JOIN (
  FROM derived.host_share SEMI JOIN (FROM recent WHERE from_us < edge_us) USING (host_key)
) AS begun
  ON begun.host_key = charge.host_key AND begun.at_us <= charge.edge_us;
