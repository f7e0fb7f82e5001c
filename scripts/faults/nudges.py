"""Faults in who is at work, and in the rules of messages."""

from __future__ import annotations

from scripts.faults.fault import Fault

_AT_WORK = "tests/test_at_work.py"
_RULES = "tests/test_nudge_rules.py"
_LIMITS = "tests/test_nudge.py::test_a_person_hears_at_most_once_a_day_and_twice_in_seven_days"

FAULTS = (
    Fault(
        "at work before the window begins",
        "reads/at_work",
        "calendar.start_us <= epoch_us($at::TIMESTAMPTZ)",
        "calendar.start_us <= epoch_us($at::TIMESTAMPTZ) + hour_us()",
        (_AT_WORK,),
    ),
    Fault(
        "at work after the window ends",
        "reads/at_work",
        "end_us > epoch_us($at::TIMESTAMPTZ) AS at_work",
        "end_us >= epoch_us($at::TIMESTAMPTZ) AS at_work",
        (_AT_WORK,),
    ),
    Fault(
        "everybody works on Saturdays",
        "reads/at_work",
        "weekend = 6 AND week.saturdays",
        "weekend = 6",
        (_AT_WORK,),
    ),
    Fault(
        "everybody works on Sundays",
        "reads/at_work",
        "weekend = 7 AND week.sundays",
        "weekend = 7",
        (_AT_WORK,),
    ),
    Fault(
        "the earliest window of working hours",
        "reads/at_work",
        "ORDER BY placed.start_us DESC",
        "ORDER BY placed.start_us",
        (_AT_WORK,),
    ),
    Fault(
        "working days in UTC",
        "reads/at_work",
        "local_day(timezone, start_us) AS workday",
        "local_day('UTC', start_us) AS workday",
        (_AT_WORK,),
    ),
    Fault(
        "the working hours of others",
        "reads/at_work",
        "may_see_hours($scope, scholar) AND ",
        "",
        (_AT_WORK,),
    ),
    Fault(
        "the working hours of strangers",
        "reads/at_work",
        " AND may_see($scope, scholar, NULL)",
        "",
        (_AT_WORK,),
    ),
    Fault(
        "every result makes a message",
        "velocity/nudge/rules.py",
        '.filter("needs_decision", scholar=scholar, kind="result")',
        '.filter(scholar=scholar, kind="result")',
        (_RULES,),
    ),
    Fault(
        "messages about failures at once",
        "velocity/nudge/rules.py",
        'pl.col("waited_working_hours") >= DIED_HOURS',
        'pl.col("waited_working_hours") >= 0',
        (_RULES,),
    ),
    Fault(
        "messages about failures that were read",
        "velocity/nudge/rules.py",
        ' & ~pl.col("marked_read")',
        "",
        (_RULES,),
    ),
    Fault(
        "messages about failures of people away",
        "velocity/nudge/rules.py",
        ' & ~pl.col("away")',
        "",
        (_RULES,),
    ),
    Fault(
        "messages about all work",
        "velocity/nudge/rules.py",
        'self.open_work.filter("older_than_usual", scholar=scholar)',
        "self.open_work.filter(scholar=scholar)",
        (_RULES,),
    ),
    Fault(
        "the least old work first",
        "velocity/nudge/rules.py",
        "rows.sort(beyond, descending=True)",
        "rows.sort(beyond)",
        (_RULES,),
    ),
    Fault(
        "messages about hosts idle for a moment",
        "velocity/nudge/rules.py",
        'pl.col("idle_for_hours") >= IDLE_HOURS',
        'pl.col("idle_for_hours") >= 0',
        (_RULES,),
    ),
    Fault(
        "credits at a limit are below it",
        "velocity/nudge/rules.py",
        'if row["days_left"] < it',
        'if row["days_left"] <= it',
        (_RULES,),
    ),
    Fault(
        "several messages a day",
        "velocity/nudge/rules.py",
        "            free = False\n",
        "",
        (_RULES,),
    ),
    Fault(
        "a message on each day before",
        "velocity/nudge/rules.py",
        "free = day not in days",
        "free = True",
        (_LIMITS,),
    ),
    Fault(
        "three messages a week",
        "velocity/nudge/rules.py",
        "< MOST_A_WEEK",
        "<= MOST_A_WEEK",
        (_LIMITS,),
    ),
    Fault(
        "a week of eight days",
        "velocity/nudge/rules.py",
        "it > day - _WEEK",
        "it >= day - _WEEK",
        (_LIMITS,),
    ),
    Fault(
        "the same message again",
        "velocity/nudge/rules.py",
        " or (nudge.rule, nudge.subject) in before",
        "",
        (_RULES,),
    ),
    Fault(
        "failures use up the week",
        "velocity/nudge/rules.py",
        " and rule != _ALWAYS",
        "",
        (_RULES,),
    ),
    Fault(
        "lists use up the week",
        "velocity/nudge/rules.py",
        "if rule in rules and rule != _ALWAYS",
        "if rule != _ALWAYS",
        (_RULES,),
    ),
    Fault(
        "leads hear of two streams a week",
        "velocity/nudge/rules.py",
        " or nudge.rule == _FOR_LEADS",
        "",
        (_RULES,),
    ),
    Fault(
        "rules that are off",
        "velocity/nudge/rules.py",
        "nudge.rule not in rules or ",
        "",
        (_RULES,),
    ),
)
