"""Small frames for sentences: a test gives the values that matter, the rest is filled in."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

from tests.read_schemas import READ_SCHEMAS
from velocity.reading.periods import Window
from velocity.sentences.compared import Days

WEEK = date(2026, 11, 16)
NAMES = {"aurora": "Aurora", "basalt": "Basalt", "cirrus": "Cirrus"}
#: A Saturday.
TODAY = date(2026, 11, 28)
#: From Monday to `TODAY`, against the same days of the week before.
SO_FAR = Days(Window(date(2026, 11, 23), TODAY), Window(WEEK, date(2026, 11, 21)))
FOUR_WEEKS = Window(date(2026, 10, 26), date(2026, 11, 22))


def frame(read, rows=(), **more):
    """A frame of a read, with `more` columns."""
    schema = pl.Schema(READ_SCHEMAS[read] | more)
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


def figures(**values):
    return {**dict.fromkeys(READ_SCHEMAS["metrics"], 0), "reaction_share": None, **values}


def series(group, measure, value, *, limits=(1.0, 3.0), weeks=12, week=WEEK, running=False):
    """Ordinary complete weeks up to `week`, which has this value."""
    low, high = limits or (None, None)
    return [
        {
            "group_id": group,
            "measure": measure,
            "week_start": week - timedelta(weeks=back),
            "running": running and not back,
            "value": 2.0 if back else value,
            "limit_low": low,
            "limit_high": high,
            "phase": 0,
            "signal": bool(limits) and not back and not running and not low <= value <= high,
        }
        for back in range(weeks)
    ]


def weekly(*parts):
    return frame("weekly", [row for part in parts for row in part])


def decision(scholar="heron", **more):
    """A row of `queue`: a line that waits longer than usual."""
    return {
        "scholar": scholar,
        "name": scholar.capitalize(),
        "stream_name": "Basalt",
        "entity": "e",
        "project": "probe",
        "label": "high-heath-1",
        "kind": "result",
        "result_at": datetime(2026, 11, 28, 9, 0, tzinfo=UTC),
        "waited_working_hours": 12.0,
        "usual_working_hours": 7.5,
        "usual_n": 168,
        "usual_of": "line",
        "parked": False,
        "away": False,
        "marked_read": False,
        "needs_decision": True,
        "named": True,
    } | more


def queue(*rows):
    return frame("needs_decision", rows)


def waiting(text):
    """A queue in short, as "al (ben)? cy!": one line per scholar.

    A line waits longer than usual; with "~" within its usual; with "?" it has too few waits for a
    usual. It has a result; with "!" a failure. In brackets nobody may see yet whose it is, and "()"
    has no name.
    """
    rows = []
    for at, word in enumerate(text.split()):
        scholar = word.strip("()!?~")
        row = decision(scholar, project=f"p{at}", named=not word.startswith("("))
        if "()" in word:
            row |= {"scholar": None, "name": None, "project": None}
        if "!" in word:
            row |= {"kind": "failure"}
        if "~" in word:
            row |= {"needs_decision": False, "waited_working_hours": 3.0}
        if "?" in word:
            row |= {"needs_decision": False, "usual_working_hours": None, "usual_of": None}
        rows.append(row)
    return queue(*rows)


def end(stream, days, *, fast=None, left=10.0, **more):
    """A row of `ends`: days from `TODAY` to the end of credits; `fast`: at the pace of a week."""
    on = None if days is None else TODAY + timedelta(days=days)
    soon = on if fast is None else TODAY + timedelta(days=fast)
    return {
        "group_id": stream.lower(),
        "name": stream,
        "credits_left": left,
        "burn_per_day": 3.0,
        "pace_days": 14,
        "runs_out_on": on,
        "runs_out_on_week_pace": soon,
        "seen_before": None,
        "or_sooner": False,
    } | more


def ends(*rows):
    text = {"group_id": pl.String, "name": pl.String}
    amounts = {"credits_left": pl.Float64, "burn_per_day": pl.Float64, "pace_days": pl.Int32}
    days = dict.fromkeys(("runs_out_on", "runs_out_on_week_pace", "seen_before"), pl.Date)
    return pl.DataFrame(rows, schema=text | amounts | days | {"or_sooner": pl.Boolean})
