-- title: Which runs make one experiment
-- table: link
-- One row per run: its experiment (named by the number of its first run) and the rule that assigned
-- it: first, tag, sweep, continuation, together, same_config or script.
WITH key_number AS (
  SELECT *, row_number() OVER () AS link_key
  FROM (SELECT DISTINCT scholar_key, project_key, key_kind, key_name FROM run_interval)
),
ordered AS (
  SELECT
    -- Few strings, because windows carry every column along.
    run.run_key, number.link_key, run.start_us, run.end_us, run.open,
    run.key_kind::ENUM('group', 'sweep', 'tag') AS key_kind,
    run.class = 'preempted' AS preempted,
    run.class = 'killed' AS killed,
    run.config_hash,
    row_number() OVER (PARTITION BY number.link_key ORDER BY run.start_us, run.run_id) AS place
  FROM run_interval AS run
  JOIN key_number AS number USING (scholar_key, project_key, key_kind, key_name)
),
resumable AS (
  -- Without a pre-empted run there is no continuation: most runs need no sorting by config.
  SELECT DISTINCT link_key, config_hash
  FROM ordered
  WHERE key_kind = 'group' AND preempted
),
resumption AS (
  -- The preceding run with the same key and config was pre-empted and had ended.
  SELECT
    *,
    coalesce(
      lag(preempted) OVER same AND lag(end_us) OVER same <= start_us,
      false) AS continues
  FROM ordered
  SEMI JOIN resumable USING (link_key, config_hash)
  WHERE key_kind = 'group'
  WINDOW same AS (PARTITION BY link_key, config_hash ORDER BY place)
),
rooted AS (
  SELECT
    *,
    last_value(CASE WHEN NOT continues THEN run_key END IGNORE NULLS) OVER (
      PARTITION BY link_key, config_hash ORDER BY place) AS root_key
  FROM resumption
  UNION ALL
  SELECT *, false, run_key
  FROM ordered
  ANTI JOIN resumable USING (link_key, config_hash)
  WHERE key_kind = 'group'
),
launched AS (
  SELECT
    *,
    coalesce(lag(open OR false) OVER before OR lag(end_us) OVER before > start_us, false) AS in_flight,
    coalesce(start_us - lag(start_us) OVER before <= setting.together_us, false) AS together,
    coalesce(config_hash = lag(config_hash) OVER before, false) AS same_config
  FROM rooted, setting
  WHERE NOT continues
  WINDOW before AS (PARTITION BY link_key ORDER BY place)
),
finished_at AS (
  SELECT link_key, end_us, min(place) AS first_place
  FROM launched
  WHERE NOT killed AND NOT open
  GROUP BY link_key, end_us
),
judged AS (
  SELECT
    launched.*,
    in_flight AND together AS by_together,
    in_flight AND same_config AS by_config,
    -- An end before the start always belongs to an earlier run. An end exactly at the start may
    -- belong to a later run of zero length, so its place decides.
    coalesce(launched.start_us - before.end_us <= setting.script_gap_us, false)
      OR coalesce(at_start.first_place < place, false) AS by_script
  FROM launched
  ASOF LEFT JOIN finished_at AS before
    ON before.link_key = launched.link_key AND launched.start_us - 1 >= before.end_us
  LEFT JOIN finished_at AS at_start
    ON at_start.link_key = launched.link_key AND at_start.end_us = launched.start_us,
  setting
),
grouped AS (
  SELECT
    run_key,
    last_value(
      CASE WHEN place = 1 OR NOT (by_together OR by_config OR by_script) THEN run_key END IGNORE NULLS
    ) OVER (PARTITION BY link_key ORDER BY place) AS experiment_key,
    CASE
      WHEN by_together THEN 'together' WHEN by_config THEN 'same_config' ELSE 'script'
    END AS joined_by
  FROM judged
)
SELECT
  run_key, experiment_key,
  CASE WHEN run_key = experiment_key THEN 'first' ELSE joined_by END AS joined_by
FROM grouped
UNION ALL
SELECT rooted.run_key, grouped.experiment_key, 'continuation'
FROM rooted
JOIN grouped ON grouped.run_key = rooted.root_key
WHERE rooted.continues
UNION ALL
SELECT
  run_key,
  first_value(run_key) OVER whole,
  CASE WHEN place = 1 THEN 'first' ELSE key_kind::VARCHAR END
FROM ordered
WHERE key_kind <> 'group'
WINDOW whole AS (PARTITION BY link_key ORDER BY place)
