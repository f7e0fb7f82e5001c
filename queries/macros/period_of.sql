-- title: The period that a day belongs to
-- The first day of the month or week (Monday), or the day itself; 1970-01-01 if everything is one
-- period.
CREATE OR REPLACE MACRO period_of(chosen, day) AS
CASE chosen
  WHEN 'day' THEN day::DATE
  WHEN 'week' THEN date_trunc('week', day::DATE)::DATE
  WHEN 'month' THEN date_trunc('month', day::DATE)::DATE
  ELSE 'epoch'::DATE
END
