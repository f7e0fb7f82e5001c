"""Faults in working hours, days off, and the lines that wait for a decision."""

from __future__ import annotations

from scripts.faults.fault import ACCESS, FIGURES, ROWS, USUAL, Fault

_DECISIONS = "tests/test_needs_decision.py"
_WEEKS = f"{_DECISIONS}::test_working_hours_of_many_weeks_match_the_oracle"
_LINES = f"{_DECISIONS}::test_lines_that_need_a_decision_match_the_oracle"
_LEAD = f"{_DECISIONS}::test_a_lead_sees_the_name_a_day_after_the_line_met_the_rule"

FAULTS = (
    Fault(
        "waiting on days off",
        "macros/working_calendar",
        "off.scholar_key = person.scholar_key AND off.day = awake.day",
        "off.scholar_key = person.scholar_key AND off.day = awake.day + 7",
        (ROWS,),
    ),
    Fault(
        "days away end a day late",
        "store/scholars",
        "to_date - INTERVAL 1 DAY",
        "to_date::TIMESTAMP",
        (ROWS,),
    ),
    Fault(
        "holidays of nobody",
        "store/scholars",
        "off.scholar IS NULL OR",
        "",
        (f"{_DECISIONS}::test_a_holiday_is_a_day_off_of_everybody",),
    ),
    Fault(
        "weekends are never in workdays",
        "macros/working_calendar",
        "person.workdays IS NULL AND isodow(awake.day) >= 6",
        "isodow(awake.day) >= 6",
        (ROWS,),
    ),
    Fault(
        "every weekend is usual",
        "derive/093_working_week",
        "before.weekday = 6) >= usual_weekend().least",
        "before.weekday = 6) >= 0",
        (ROWS,),
    ),
    Fault(
        "weekends of nine weeks",
        "constants/usual_weekend",
        "'weeks': 8",
        "'weeks': 9",
        (_WEEKS,),
    ),
    Fault(
        "three weekends are usual",
        "constants/usual_weekend",
        "'least': 4",
        "'least': 3",
        (_WEEKS,),
    ),
    Fault(
        "weekdays of launches in UTC",
        "derive/093_working_week",
        "isodow(local_day(actor.timezone, start_us))",
        "isodow(local_day('UTC', start_us))",
        (_WEEKS,),
    ),
    Fault(
        "the week of the result is usual too",
        "derive/093_working_week",
        "before.week_start < week.week_start",
        "before.week_start <= week.week_start",
        (_WEEKS,),
    ),
    Fault(
        "launches in weeks away count",
        "derive/093_working_week",
        "AND NOT before.away",
        "",
        (_WEEKS,),
    ),
    Fault(
        "two days make a week away",
        "macros/week_away",
        "count(*) * 5 >= len(workdays) * 3",
        "count(*) * 5 >= len(workdays) * 2",
        (USUAL, _WEEKS),
    ),
    Fault(
        "weekends make a week away",
        "macros/week_away",
        "WHERE contains(workdays, isodow(day)::VARCHAR)",
        "",
        (USUAL, _WEEKS),
    ),
    Fault(
        "working through the night",
        "macros/working_until",
        "least(at_us, calendar.end_us)",
        "at_us",
        (ROWS,),
    ),
    Fault(
        "working hours of another week",
        "macros/working_wait_of",
        "local_day(setting.timezone, loop.result_us)",
        "local_day(setting.timezone, loop.reaction_end_us)",
        (_WEEKS,),
    ),
    Fault(
        "working hours of all loops",
        "metrics/loops",
        "sum(reaction_working_us) FILTER (status = 'closed'), 0)",
        "sum(reaction_working_us), 0)",
        (FIGURES,),
    ),
    Fault(
        "days off for everybody",
        "metrics/loops",
        """may_see_hours($scope, group_id) THEN
    sum(reaction_working_us)""",
        """true THEN
    sum(reaction_working_us)""",
        (ACCESS,),
    ),
    Fault(
        "weeks away are usual",
        "metrics/xmr",
        "WHEN running OR away THEN NULL",
        "WHEN running THEN NULL",
        (USUAL,),
    ),
    Fault(
        "weeks away are shifts",
        "metrics/xmr",
        "AND NOT point.away",
        "",
        (USUAL,),
    ),
    Fault(
        "the first result of a line waits",
        "reads/needs_decision",
        "arg_max(experiment_key, (result_us, start_us, experiment_key))",
        "arg_min(experiment_key, (result_us, start_us, experiment_key))",
        (_LINES,),
    ),
    Fault(
        "a launch at the result does not answer it",
        "reads/needs_decision",
        "AND after.start_us >= result.result_us",
        "AND after.start_us > result.result_us + hour_us()",
        (_LINES,),
    ),
    Fault(
        "days off do not pause a wait",
        "reads/needs_decision",
        " + days_off * 24 * hour_us()",
        "",
        (_LINES,),
    ),
    Fault(
        "the usual of all lines at once",
        "reads/needs_decision",
        "GROUPING SETS ((scholar_key, project_key), (scholar_key))",
        "GROUPING SETS ((scholar_key))",
        (_LINES,),
    ),
    Fault(
        "eighteen loops are usual",
        "reads/needs_decision",
        "closed.n >= usual_age().least",
        "closed.n >= usual_age().least - 1",
        (_LINES,),
    ),
    Fault(
        "a minute is long enough",
        "reads/needs_decision",
        "working_us > usual_us AND working_us >= hour_us()",
        "working_us > usual_us",
        (f"{_DECISIONS}::test_lines_wait_for_a_decision_by_the_rules",),
    ),
    Fault(
        "parked lines are in the queue",
        "reads/needs_decision",
        "beyond AND NOT parked AND",
        "beyond AND",
        (_DECISIONS,),
    ),
    Fault(
        "away and still in the queue",
        "reads/needs_decision",
        "AND NOT away AND",
        "AND",
        (_DECISIONS,),
    ),
    Fault(
        "a mark holds for ever",
        "reads/needs_decision",
        "coalesce(since_read_us <= usual_us, true)",
        "true",
        (f"{_DECISIONS}::test_a_result_that_was_read_returns_after_one_more_usual",),
    ),
    Fault(
        "a mark holds for any result",
        "reads/needs_decision",
        "AND mark.result_us = waiting.result_us",
        "",
        (f"{_DECISIONS}::test_a_result_that_was_read_returns_after_one_more_usual",),
    ),
    Fault(
        "leads see names at once",
        "reads/needs_decision",
        "OR as_of_us - met_us >= 24 * hour_us() AS named",
        "OR as_of_us - met_us >= 0 AS named",
        (_LEAD,),
    ),
    Fault(
        "mentors see names a day later",
        "reads/needs_decision",
        "OR coalesce(list_contains(as_viewer($scope).streams, stream), false)",
        "",
        (_LEAD,),
    ),
    Fault(
        "when the rule was met is for everybody",
        "reads/needs_decision",
        "CASE WHEN may_see_hours($scope, scholar) THEN make_timestamptz(met_us) END",
        "make_timestamptz(met_us)",
        (_LEAD,),
    ),
)
