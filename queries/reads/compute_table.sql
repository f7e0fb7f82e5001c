-- title: Where the compute went
-- One row per stream in roster order, or per stream and scholar with work in it, then the part outside all streams (users who are not in the
-- roster, and experiments of no one stream), then automation, if the roster has rules for it, then
-- the programme: GPU-hours by the state of their runs, which add up to `gpu_hours`; run hours on
-- unknown GPUs; credits; tokens and their dollars; and experiments concluded. The rows above the
-- programme's add up to it, except for the last column.
-- param: from_day | DATE | first local day, null = from the beginning
-- param: to_day | DATE | day after the last, null = to the end
-- param: by_scholar | BOOLEAN | whether streams are divided into their scholars
-- param: scope | STRUCT | what the viewer may see
-- word: kind | stream | launches by people in one stream
-- word: kind | scholar | launches by one scholar in one stream
-- word: kind | unattributed | users who are not in the roster, and experiments of no one stream
-- word: kind | automation | launches of agents and schedulers, in all streams
-- word: kind | programme | all work
WITH acted AS (
  SELECT *, actor = 'automation' AS automated FROM actor
),
charged AS (
  SELECT
    automated,
    CASE WHEN scholar.attributed AND NOT automated THEN charge.stream_key END AS stream_key,
    CASE WHEN $by_scholar THEN scholar_key END AS scholar_key,
    charge.day, charge.gpu_type,
    sum(gpu_us) AS gpu_us,
    sum(gpu_us) FILTER (class = 'finished') AS finished_us,
    sum(gpu_us) FILTER (class = 'running') AS running_us,
    sum(gpu_us) FILTER (class = 'killed') AS killed_us,
    sum(gpu_us) FILTER (failed_compute) AS failed_us,
    sum(gpu_us) FILTER (class IN ('preempted', 'unknown')) AS other_us,
    sum(unpriced_us) AS unpriced_us
  FROM gpu_charge AS charge
  JOIN acted AS scholar USING (scholar_key)
  WHERE ($from_day::DATE IS NULL OR charge.day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR charge.day < $to_day::DATE)
  GROUP BY ALL
),
part AS (
  SELECT
    automated, stream_key, scholar_key, finished_us, running_us, killed_us, failed_us, other_us, gpu_us, unpriced_us,
    price_of(gpu_us, rate.credits_per_gpu_hour) AS credits
  FROM charged
  ASOF LEFT JOIN gpu_rate AS rate
    ON rate.gpu_type = charged.gpu_type AND rate.from_date <= charged.day
  UNION ALL BY NAME
  SELECT
    automated, CASE WHEN scholar.attributed AND NOT automated THEN stream_key END AS stream_key,
    CASE WHEN $by_scholar THEN scholar_key END AS scholar_key,
    sum(tokens) AS tokens, sum(dollars) AS dollars,
    sum(tokens) FILTER (dollars IS NULL) AS unpriced_tokens
  FROM token_charge AS charge
  JOIN acted AS scholar USING (scholar_key)
  WHERE ($from_day::DATE IS NULL OR charge.day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR charge.day < $to_day::DATE)
  GROUP BY ALL
  UNION ALL BY NAME
  SELECT
    automated, CASE WHEN scholar.attributed AND NOT automated THEN stream_key END AS stream_key,
    CASE WHEN $by_scholar THEN scholar_key END AS scholar_key,
    count(*) AS conclusions
  FROM experiment
  JOIN acted AS scholar USING (scholar_key)
  WHERE is_concluded(outcome)
    AND ($from_day::DATE IS NULL OR result_day >= $from_day::DATE)
    AND ($to_day::DATE IS NULL OR result_day < $to_day::DATE)
  GROUP BY ALL
),
listed AS (
  SELECT
    1 AS place, stream_key, CASE WHEN $by_scholar THEN 'scholar' ELSE 'stream' END AS kind,
    stream, stream.name, scholar_key, scholar.scholar, scholar.name AS scholar_name
  FROM stream
  LEFT JOIN (
    SELECT DISTINCT stream_key, scholar_key FROM part WHERE scholar_key IS NOT NULL
  ) AS worked USING (stream_key)
  LEFT JOIN scholar USING (scholar_key)
  WHERE may_see($scope, NULL, stream) AND (NOT $by_scholar OR scholar_key IS NOT NULL)
  UNION ALL
  SELECT 2, NULL, 'unattributed', NULL, NULL, NULL, NULL, NULL WHERE may_see($scope, NULL, NULL)
  UNION ALL
  SELECT 3, NULL, 'automation', NULL, NULL, NULL, NULL, NULL
  WHERE may_see($scope, NULL, NULL) AND EXISTS (FROM acted WHERE automated)
  UNION ALL
  SELECT 4, NULL, 'programme', NULL, NULL, NULL, NULL, NULL WHERE may_see($scope, NULL, NULL)
),
added AS (
  SELECT
    listed.place, listed.stream_key, listed.kind, listed.stream, listed.name,
    listed.scholar, listed.scholar_name,
    coalesce(sum(finished_us), 0) AS finished_us,
    coalesce(sum(running_us), 0) AS running_us,
    coalesce(sum(killed_us), 0) AS killed_us,
    coalesce(sum(failed_us), 0) AS failed_us,
    coalesce(sum(other_us), 0) AS other_us,
    coalesce(sum(gpu_us), 0) AS gpu_us,
    coalesce(sum(unpriced_us), 0) AS unpriced_us,
    coalesce(sum(credits), 0) AS credits,
    coalesce(sum(tokens), 0)::BIGINT AS tokens,
    coalesce(sum(dollars), 0) AS dollars,
    coalesce(sum(unpriced_tokens), 0)::BIGINT AS unpriced_tokens,
    coalesce(sum(conclusions), 0)::BIGINT AS conclusions
  FROM listed
  LEFT JOIN part
    ON listed.kind = 'programme' OR (
      part.stream_key IS NOT DISTINCT FROM listed.stream_key
      AND part.automated = (listed.kind = 'automation')
      AND coalesce(part.scholar_key = listed.scholar_key, true))
  GROUP BY ALL
)
SELECT
  kind, stream, name, scholar, scholar_name,
  finished_us / hour_us() AS finished_gpu_hours,
  running_us / hour_us() AS running_gpu_hours,
  killed_us / hour_us() AS killed_gpu_hours,
  failed_us / hour_us() AS failed_gpu_hours,
  other_us / hour_us() AS other_gpu_hours,
  gpu_us / hour_us() AS gpu_hours,
  unpriced_us / hour_us() AS unpriced_run_hours,
  credits,
  tokens, dollars AS token_dollars, unpriced_tokens,
  conclusions AS experiments_concluded,
  credits_per_concluded(credits, conclusions) AS credits_per_concluded
FROM added
ORDER BY place, stream_key, lower(scholar_name), scholar
