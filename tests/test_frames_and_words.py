"""Frames before they are drawn, and their texts: weeks and shifts."""

from datetime import date, timedelta

import polars as pl
import pytest

from tests.builders import at, run, store_of
from tests.sentence_frames import frame
from velocity.reading import reads
from velocity.reading.series import Shifts, at_edge, last_complete_week, recent

MONDAY = date(2026, 11, 16)


def weekly(count, *, running=False, **columns):
    row = {"group_id": "basalt", "measure": "failure_share", "value": 0.2, "signal": False}
    rows = [
        row
        | {"week_start": MONDAY - timedelta(weeks=back), "running": running and not back}
        | columns
        for back in range(count)
    ]
    return frame("weekly", rows)


@pytest.mark.parametrize(
    ("last_day", "week"),
    [
        (date(2026, 11, 21), date(2026, 11, 9)),
        (date(2026, 11, 22), date(2026, 11, 16)),
        (date(2026, 11, 23), date(2026, 11, 16)),
    ],
)
def test_a_week_is_complete_with_its_sunday(last_day, week):
    assert last_complete_week(last_day) == week


@pytest.mark.parametrize(("weeks", "running"), [(20, [False] * 12), (1, [True])])
def test_twelve_complete_weeks_are_shown_and_the_running_one_only_before_the_first(weeks, running):
    known = weekly(weeks, running=True)
    shown = recent(known, MONDAY - timedelta(weeks=1), ["failure_share"])
    assert shown["running"].to_list() == running


def test_a_constant_series_never_has_a_shift():
    rows = [
        run(f"r{week}-{place}", start, start + timedelta(hours=1), state=state)
        for week in range(12)
        for place, state in enumerate(("failed", "finished", "finished"))
        for start in [at("09:00", days=7 * week) + timedelta(hours=4 * place)]
    ]
    series = reads.weekly(store_of(rows, "2026-03-31 06:00"), by="programme")
    assert series.filter(measure="failure_share")["limit_low"].null_count() == 0
    assert not series.filter("signal").height


def test_shifts_come_in_roster_order_with_the_programme_last():
    one = weekly(1, signal=True, limit_low=0.05, limit_high=0.1, value=0.25)
    whole = one.with_columns(group_id=pl.lit("programme"))
    first = one.with_columns(group_id=pl.lit("aurora"))
    names = {"aurora": "Aurora", "basalt": "LLM basalt"}
    shifts = Shifts.of(pl.concat([whole, one, first]), MONDAY, names)
    assert [row["group_id"] for row in shifts.rows] == ["aurora", "basalt", "programme"]
    assert shifts.series == 3


@pytest.mark.parametrize(
    ("measure", "value", "low", "high", "near"),
    [
        ("experiments_concluded", 0.0, 0.0, 20.0, False),
        ("experiments_concluded", 19.0, 0.0, 20.0, True),
        ("experiments_concluded", 3.0, 2.0, 20.0, True),
        ("serial_share", 1.0, 0.9, 1.0, False),
        ("serial_share", 0.905, 0.9, 1.0, True),
        ("serial_share", 0.79, 0.1, 0.8, True),
        # Times: the middle of 1 to 100 hours is 10, and 1.1 is no further from 1 than 90 from 100.
        ("loop_hours_median", 10.0, 1.0, 100.0, False),
        ("loop_hours_median", 1.1, 1.0, 100.0, True),
        ("loop_hours_median", 80.0, 1.0, 100.0, True),
    ],
)
def test_what_is_near_an_edge_beyond_which_something_can_lie(measure, value, low, high, near):
    rows = weekly(1, measure=measure, value=value, limit_low=low, limit_high=high, signal=False)
    found = at_edge(rows, {"basalt": "Basalt"}, [measure])
    assert found == {measure: {"basalt": "Basalt"} if near else {}}
