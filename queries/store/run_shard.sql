-- title: Runs of each shard
-- table: run_shard
-- One row per shard and run that it needs: those of its scholars (`owner_shard`: owner_key, shard), and
-- those of anybody that share an id with one of them, because only one of these counts.
WITH own AS (
  SELECT run_key, shard
  FROM run_scholar
  JOIN actor USING (scholar_key)
  JOIN owner_shard USING (owner_key)
),
launch AS (
  SELECT run_key, id_of_launch(run_id) AS launch_id FROM raw_run WHERE deleted_at IS NULL
  UNION ALL
  SELECT run_key, unnest(same_as) FROM raw_run WHERE deleted_at IS NULL
),
twin AS (
  FROM launch
  SEMI JOIN (SELECT launch_id FROM launch GROUP BY launch_id HAVING count(*) > 1) USING (launch_id)
)
FROM own
UNION
SELECT twin.run_key, near.shard
FROM twin
JOIN (SELECT DISTINCT launch_id, shard FROM twin JOIN own USING (run_key)) AS near USING (launch_id)
