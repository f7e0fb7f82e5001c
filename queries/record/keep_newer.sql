-- title: Runs of which the record has newer facts
-- Tables may be imported in any order. The newer row about a run has the later sign of life, or is
-- from a table that is complete to a later instant. A run that has begun or ended only goes back if
-- neither contradicts it. The same table with other values is a correction; so is one that ends no
-- later than before only because the last end in it is now earlier.
-- param: longest_us | BIGINT | a longer runtime tells no sign of life
UPDATE incoming
SET outcome = 'older'
FROM (
  WITH fact AS (
    SELECT
      run_key, fresh, trust, complete_to,
      -- An unknown state is over, as everywhere.
      CASE class_of(state) WHEN 'pending' THEN 0 WHEN 'running' THEN 1 ELSE 2 END AS stage,
      epoch_us(coalesce(writers[1].start, created_at)) AS start_us,
      greatest(
        start_us, epoch_us(heartbeat_at), epoch_us(last_metric_at),
        CASE WHEN runtime_s * 1e6 BETWEEN 0 AND $longest_us
          THEN start_us + round(runtime_s * 1e6)::BIGINT END) AS life_us
    FROM (
      SELECT true AS fresh, * FROM incoming WHERE outcome = 'changed'
      UNION ALL BY NAME
      SELECT false AS fresh, * FROM raw_run WHERE run_key IN (SELECT run_key FROM incoming)
    )
  )
  SELECT new.run_key
  FROM fact AS new
  JOIN fact AS held USING (run_key, trust)
  WHERE new.fresh AND NOT held.fresh
    AND CASE
      WHEN new.complete_to < held.complete_to
        THEN new.stage < held.stage OR new.life_us <= held.life_us
          AND NOT (held.stage = 2 AND held.life_us >= epoch_us(held.complete_to))
      WHEN new.life_us = held.life_us
        THEN new.stage < held.stage AND coalesce(new.complete_to = held.complete_to, true)
      ELSE new.life_us < held.life_us AND new.stage < held.stage
    END
) AS newer
WHERE incoming.run_key = newer.run_key AND outcome = 'changed'
