-- title: Restated
-- A row a group, past week and measure whose figure changed since an instant: what it was then and
-- what it is now (null = not known), newest first. Changes that were taken back are left out.
-- Where the roster changed or somebody was erased, both are null.
-- param: by | VARCHAR | scholar, stream or programme
-- param: since | TIMESTAMPTZ | changes after this instant, null = all
-- param: scope | STRUCT | what the viewer may see
WITH change AS (
  SELECT
    group_id, week_start, measure,
    -- Several derivations may be of one instant.
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
