-- title: Restated
-- One row per group, past week and measure whose figure changed after an instant, newest first: the
-- figure then and now (null: not known). Changes that were reversed are left out. If the roster
-- changed or somebody was erased, both figures are null.
-- param: by | VARCHAR | scholar, stream or programme
-- param: since | TIMESTAMPTZ | changes after this instant, null = all
-- param: scope | STRUCT | what the viewer may see
WITH change AS (
  SELECT
    group_id, week_start, measure,
    -- Several derivations may have the same instant.
    CASE WHEN NOT bool_or(reason = 'people')
      THEN first(value_before ORDER BY derivation) END AS value_before,
    CASE WHEN NOT bool_or(reason = 'people')
      THEN last(value_after ORDER BY derivation) END AS value_after,
    bool_or(reason = 'configuration') AS by_configuration,
    bool_or(reason = 'people') AS by_people,
    max(restated_at) AS restated_at
  FROM restatement
  WHERE kind = $by::VARCHAR
    AND ($since::TIMESTAMPTZ IS NULL OR restated_at > $since::TIMESTAMPTZ)
    AND may_see_group($scope, kind, group_id, group_id, NULL)
  GROUP BY group_id, week_start, measure
)
FROM change
WHERE by_people OR coalesce(
  abs(value_after - value_before) > 1e-6, (value_after IS NULL) <> (value_before IS NULL))
ORDER BY restated_at DESC, week_start DESC, group_id, measure
