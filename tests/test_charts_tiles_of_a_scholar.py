"""The charts in a scholar's tiles, side by side and compute, checked as data."""

from datetime import date, timedelta

import polars as pl
import pytest

from velocity.charts.hours import draw_bought, draw_side_by_side
from velocity.charts.tile_trend import OFF, Line, Stack, Weeks, draw_tile
from velocity.theme import LIGHT

FIRST = date(2026, 8, 31)
STARTS = tuple(FIRST + timedelta(weeks=at) for at in range(13))
FOUR_WEEKS = (date(2026, 10, 26), date(2026, 11, 22))
WEEKS = Weeks(STARTS, running=True, window=FOUR_WEEKS)
CONCLUDED = Line("concluded", "experiments concluded", "count", value=16.0, usual=(8.4, 19.4))
FAILED = Line("failed", "share of runs failed", "share", value=0.09, ink="failed")
HOURS = Stack((("one", "one in flight", "serial"), ("two", "two or more", "parallel")), "hours")


def frame(**columns):
    values = {
        "concluded": [10.0] * 13,
        "failed": [0.1] * 13,
        "one": [40.0] * 13,
        "two": [60.0] * 13,
        **columns,
    }
    return pl.DataFrame({"week_start": STARTS, **values})


def tile(rows=None, upper=CONCLUDED, lower=FAILED, weeks=WEEKS):
    rows = frame() if rows is None else rows
    return draw_tile(rows, upper=upper, lower=lower, weeks=weeks, title="Concluded")


def thick(chart):
    return [it for it in chart.figure.data if it.mode == "lines" and it.line.width == 5]


def test_the_thick_line_is_the_value_over_the_weeks_of_the_window():
    lower, upper = thick(tile())
    assert list(upper.y) == [16, 16]
    assert list(upper.x) == pytest.approx([7.58, 11.42])
    assert upper.line.color == LIGHT.accent
    assert list(lower.y) == [0.09, 0.09]


def test_a_window_with_only_the_running_week_has_no_thick_line():
    weeks = Weeks(STARTS, running=True, window=(date(2026, 11, 23), date(2026, 11, 28)))
    assert thick(tile(weeks=weeks)) == []


def test_a_window_that_ends_in_the_running_week_stops_before_it():
    weeks = Weeks(STARTS, running=True, window=(FIRST, date(2026, 11, 28)))
    assert list(thick(tile(weeks=weeks))[0].x) == pytest.approx([-0.42, 11.42])


def test_the_running_week_is_a_ring_apart_from_the_line():
    chart = tile()
    line = next(it for it in chart.figure.data if it.mode == "lines+markers" and it.yaxis == "y2")
    (ring,) = [it for it in chart.figure.data if it.mode == "markers" and it.yaxis == "y2"]
    assert len(line.x) == 12
    assert list(ring.x) == [12]
    assert ring.marker.size == 7
    assert ring.customdata[0].replace("\u00a0", " ").startswith("week of 23 Nov, so far")


def test_weeks_without_a_value_are_gaps():
    values = [1.0, None] + [1.0] * 11
    chart = tile(frame(concluded=values))
    line = next(it for it in chart.figure.data if it.mode == "lines+markers" and it.yaxis == "y2")
    assert line.y[1] is None
    assert not line.connectgaps


def test_the_usual_range_is_drawn_unless_it_says_nothing():
    areas = [it for it in tile().figure.data if it.fill == "toself"]
    assert [(it.fillcolor, min(it.y), max(it.y)) for it in areas] == [(LIGHT.band, 8.4, 19.4)]
    wide = Line("failed", "serial share", "share", usual=(0.1, 0.91))
    assert [it.yaxis for it in tile(lower=wide).figure.data if it.fill == "toself"] == ["y2"]
    narrow = Line("failed", "serial share", "share", usual=(0.1, 0.9))
    assert len([it for it in tile(lower=narrow).figure.data if it.fill == "toself"]) == 2


def test_layers_of_a_stack_stand_on_each_other():
    chart = tile(lower=HOURS)
    bars = [it for it in chart.figure.data if it.type == "bar"]
    assert [it.marker.color for it in bars] == [LIGHT.serial, LIGHT.parallel]
    assert chart.figure.layout.barmode == "stack"
    assert all("\u00a0d" not in it for it in chart.figure.layout.yaxis.ticktext)
    assert "two or more" in chart.figure.layout.annotations[1].text


def test_shares_that_add_up_have_an_axis_to_100():
    parts = Stack((("one", "machine", "machine"),), "share")
    assert list(tile(lower=parts).figure.layout.yaxis.range) == [0, 1]


def test_labels_of_weeks_never_collide():
    chart = tile(weeks=Weeks(STARTS, running=True, window=FOUR_WEEKS, change=date(2026, 9, 28)))
    places = sorted(chart.figure.layout.xaxis.tickvals)
    assert places == [0, 4, 8, 12]
    near = Weeks(STARTS, running=True, window=FOUR_WEEKS, change=date(2026, 10, 19))
    assert sorted(tile(weeks=near).figure.layout.xaxis.tickvals) == [0, 7, 12]


def test_a_lasting_change_is_a_dashed_line_before_its_week():
    weeks = Weeks(STARTS, running=True, window=FOUR_WEEKS, change=date(2026, 9, 28))
    (change,) = tile(weeks=weeks).figure.layout.shapes
    assert change.x0 == 3.5
    assert not tile().figure.layout.shapes


def test_a_log_axis_has_at_most_three_round_ticks():
    loop = Line("concluded", "median loop", "hours", value=20.0, usual=(1.0, 100.0), log=True)
    axis = tile(upper=loop).figure.layout.yaxis2
    assert axis.type == "log"
    assert len(axis.tickvals) <= 3


def test_a_log_axis_without_a_value_has_no_ticks():
    loop = Line("concluded", "median loop", "hours", log=True)
    rows = frame(concluded=[None] * 13).cast({"concluded": pl.Float64})
    assert not tile(rows, upper=loop).figure.layout.yaxis2.tickvals


def test_the_alternative_text_says_window_value_and_usual_range():
    said = tile().alt.replace("\u00a0", " ")
    assert said.startswith(
        "Concluded, 12 weeks from week of 31 Aug: experiments concluded 16, 26 Oct to 22 Nov 2026, "
        "usual range 8 to 19, 10 this week so far; share of runs failed 9 %"
    )


def test_no_value_is_a_text():
    empty = frame(concluded=[None] * 13, failed=[None] * 13)
    assert tile(empty.cast({"concluded": pl.Float64, "failed": pl.Float64})).missing


def test_a_panel_alone_is_lower():
    chart = draw_tile(frame(), upper=CONCLUDED, weeks=WEEKS, title="Cost")
    assert chart.figure.layout.height == 124
    assert len(thick(chart)) == 1


def test_hours_add_up_as_printed():
    hours = {"experiment_hours": 1457.98, "serial_hours": 103.4, "parallel_hours": 450.4}
    chart = draw_side_by_side(hours, title="Side by side")
    said = chart.alt.replace("\u00a0", " ")
    assert said == (
        "Side by side: one after another 1,458 h, as they ran 554 h: 103 h one in flight, "
        "451 h parallel."
    )


def test_nothing_in_flight_has_no_bar():
    nothing = {"experiment_hours": 0.0, "serial_hours": 0.0, "parallel_hours": 0.0}
    assert draw_side_by_side(nothing, title="Side by side").missing


def test_failed_and_other_gpu_hours_differ_without_colour():
    rows = pl.DataFrame(
        {
            "part": ["led", "failed", "other"],
            "words": ["of finished runs", "of failed runs", "of all others"],
            "gpu_hours": [90.0, 9.0, 1.0],
            "per_cent": [90, 9, 1],
        }
    )
    led, failed, other = draw_bought(rows, title="GPU-hours").figure.data
    assert led.marker.color == LIGHT.series
    assert failed.marker.pattern.shape == "/"
    assert other.marker.line.width == 1.5
    assert draw_bought(rows.clear(), title="GPU-hours").missing


def test_weeks_away_and_the_running_week_are_rings():
    away = frozenset({STARTS[3]})
    chart = tile(weeks=Weeks(STARTS, running=True, window=FOUR_WEEKS, away=away))
    rings = [it for it in chart.figure.data if it.mode == "markers" and it.marker.color == LIGHT.bg]
    assert {tuple(it.x) for it in rings} == {(3, 12)}
    assert any("away" in it for ring in rings for it in ring.customdata)


def test_nights_and_days_off_are_an_outline_beside_the_grey_of_machines():
    parts = Stack((("one", "machine", "machine"), ("two", "nights, days off", OFF)), "share")
    machine, off = [it for it in tile(lower=parts).figure.data if it.type == "bar"]
    assert machine.marker.color == LIGHT.machine
    assert (off.marker.color, off.marker.line.color) == ("rgba(0,0,0,0)", LIGHT.faint)
