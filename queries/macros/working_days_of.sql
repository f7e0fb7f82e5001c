-- title: Working hours day by day, around some waits
-- Takes people (as `working_calendar` does) and waits (scholar_key, result_us, reaction_end_us): the
-- rows of `working_calendar` for those who wait, from some days before the first result to some days
-- after the last end.
CREATE OR REPLACE MACRO working_days_of(people, waits) AS TABLE
WITH person AS (
  FROM query_table(people) SEMI JOIN query_table(waits) USING (scholar_key)
),
span AS (
  SELECT
    make_timestamptz(min(result_us))::DATE - 3 AS from_day,
    make_timestamptz(max(reaction_end_us))::DATE + 3 AS to_day
  FROM query_table(waits)
  HAVING count(result_us) > 0
),
awake AS (
  FROM awake_window('person', 'span')
)
FROM working_calendar('person', 'awake', 'day_off')
