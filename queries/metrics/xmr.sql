-- title: Usual range and shifts
-- One row per group, measure and week: the value; its n, for counts and medians; the centre and
-- limits of the group's own complete weeks (mean +/- 2.66 mean moving ranges, on the log scale for
-- times, from 8 weeks on); and whether a complete week lies beyond the limits. The current week is
-- never a shift, and a scholar's week away (3 of 5 working days or more) is neither a shift nor
-- counted in the centre and limits. Limits stay within the range of the measure: counts and times
-- are at least 0, and shares are at most 1. A note of the roster with a new phase starts the centre
-- and limits afresh from its week; `phase` is the number of such weeks so far.
-- param: by | VARCHAR | scholar, stream or programme
-- param: groups | VARCHAR[] | only these ids, null = all
-- param: scope | STRUCT | what the viewer may see
-- actor: person
-- order: 11
-- metric: signal | yes or no | Shift | A complete week beyond the group's own usual range; everything else is ordinary variation.
WITH figure AS (
  UNPIVOT (
    SELECT
      group_id, week_start, running,
      COLUMNS(lambda name: list_contains(weekly_measures() || weekly_counts(), name))::DOUBLE
    FROM weekly
    WHERE kind = $by::VARCHAR
      AND ($groups::VARCHAR[] IS NULL OR list_contains($groups::VARCHAR[], group_id))
      AND may_see_group($scope, kind, group_id, group_id, NULL)
  )
  ON COLUMNS(* EXCLUDE (group_id, week_start, running))
  INTO NAME measure VALUE value
),
away AS (
  SELECT scholar.scholar AS group_id, week_start
  FROM week_away('scholar', 'day_off')
  JOIN scholar USING (scholar_key)
  WHERE $by::VARCHAR = 'scholar' AND scholar.attributed
),
point AS (
  SELECT
    figure.*,
    away.week_start IS NOT NULL AS away,
    (SELECT count(DISTINCT week_start)
      FROM note
      WHERE new_phase AND kind = $by::VARCHAR AND group_id = figure.group_id
        AND week_start <= figure.week_start) AS phase
  FROM figure
  LEFT JOIN away USING (group_id, week_start)
  WHERE list_contains(weekly_measures(), measure)
),
scaled AS (
  SELECT
    *,
    unit_of(measure) = 'hours' AS on_log,
    CASE
      WHEN running OR away THEN NULL
      WHEN unit_of(measure) <> 'hours' THEN value
      WHEN value > 0 THEN ln(value)
    END AS level
  FROM point
),
moved AS (
  SELECT
    *,
    abs(level - lag(level) OVER (PARTITION BY group_id, measure, phase ORDER BY week_start))
      AS moving_range
  FROM scaled
  WHERE level IS NOT NULL
),
ranged AS (
  SELECT
    group_id, measure, phase, any_value(on_log) AS on_log, count(*) AS weeks,
    avg(level) AS centre, usual_range().reach * avg(moving_range) AS reach
  FROM moved
  GROUP BY ALL
  HAVING count(*) >= usual_range().least
),
limited AS (
  SELECT
    group_id, measure, phase, weeks,
    CASE WHEN on_log THEN exp(centre) ELSE centre END AS centre,
    greatest(CASE WHEN on_log THEN exp(centre - reach) ELSE centre - reach END, 0) AS limit_low,
    least(
      CASE WHEN on_log THEN exp(centre + reach) ELSE centre + reach END,
      CASE WHEN unit_of(measure) = 'share' THEN 1 ELSE 'infinity'::DOUBLE END) AS limit_high
  FROM ranged
)
SELECT
  point.group_id, point.measure, point.week_start, point.running, point.away, point.value,
  counted.value::BIGINT AS n,
  limited.centre, limited.limit_low, limited.limit_high,
  coalesce(
    -- A constant series lies on its limits: rounding errors must not put it beyond them.
    NOT point.running AND NOT point.away
      -- A time of 0 has no place on the log scale.
      AND (unit_of(point.measure) <> 'hours' OR point.value > 0)
      AND (point.value < limited.limit_low - 1e-9 * abs(limited.limit_low)
        OR point.value > limited.limit_high + 1e-9 * abs(limited.limit_high)),
    false) AS signal,
  point.phase
FROM point
LEFT JOIN figure AS counted
  ON counted.group_id = point.group_id AND counted.week_start = point.week_start
  AND counted.measure = counted_in(point.measure)
LEFT JOIN limited
  ON limited.group_id = point.group_id AND limited.measure = point.measure
  AND limited.phase = point.phase
ORDER BY ALL
