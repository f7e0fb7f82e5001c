-- title: Working time up to an instant
-- From the last row of `working_calendar` that begins at or before an instant: the working time
-- since the start of the calendar, in microseconds, with the Saturdays and Sundays that count. Only
-- differences are meaningful. Without such a row it is 0.
CREATE OR REPLACE MACRO working_until(calendar, at_us, saturdays, sundays) AS
coalesce(
  calendar.week_us
    + CASE WHEN saturdays THEN calendar.saturday_us ELSE 0 END
    + CASE WHEN sundays THEN calendar.sunday_us ELSE 0 END
    + CASE
        WHEN calendar.weekend = 0 OR (calendar.weekend = 6 AND saturdays)
          OR (calendar.weekend = 7 AND sundays)
          THEN least(at_us, calendar.end_us) - calendar.start_us
        ELSE 0
      END,
  0)
