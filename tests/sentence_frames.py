"""Small frames for sentences: a test gives the values that matter, the rest is filled in."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from tests.read_schemas import READ_SCHEMAS

WEEK = date(2026, 11, 16)
NAMES = {"aurora": "Aurora", "basalt": "Basalt", "cirrus": "Cirrus"}


def frame(read, rows=()):
    schema = pl.Schema(READ_SCHEMAS[read])
    blank = dict.fromkeys(schema)
    return pl.DataFrame([{**blank, **row} for row in rows], schema=schema)


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


def quiet(*groups):
    return [row for group in groups for row in series(group, "serial_share", 2.0)]
