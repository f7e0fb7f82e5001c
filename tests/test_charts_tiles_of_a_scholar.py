"""The charts in a scholar's tiles, side by side and compute, checked as data."""

from datetime import date, timedelta

import polars as pl
import pytest

from tests.chart_frames import traces
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
    usual = {"concluded": 10.0, "failed": 0.1, "one": 40.0, "two": 60.0}
    values = {name: [it] * 13 for name, it in usual.items()} | columns
    return pl.DataFrame(
        {"week_start": STARTS, **values}, schema_overrides=dict.fromkeys(usual, pl.Float64)
    )


def weeks(*window, **more):
    return Weeks(STARTS, running=True, window=window or FOUR_WEEKS, **more)


def tile(rows=None, upper=CONCLUDED, lower=FAILED, weeks=WEEKS):
    rows = frame() if rows is None else rows
    return draw_tile(rows, upper=upper, lower=lower, weeks=weeks, title="Concluded")


def thick(chart):
    return [it for it in traces(chart, mode="lines") if it.line.width == 5]


def test_the_thick_line_is_the_value_over_the_weeks_of_the_window():
    lower, upper = thick(tile())
    assert list(upper.y) == [16, 16]
    assert list(upper.x) == pytest.approx([7.58, 11.42])
    assert upper.line.color == LIGHT.accent
    assert list(lower.y) == [0.09, 0.09]
    alone = draw_tile(frame(), upper=CONCLUDED, weeks=WEEKS, title="Cost")
    assert alone.figure.layout.height == 124
    assert len(thick(alone)) == 1


def test_the_thick_line_stops_before_the_running_week():
    assert thick(tile(weeks=weeks(date(2026, 11, 23), date(2026, 11, 28)))) == []
    (line, _) = thick(tile(weeks=weeks(FIRST, date(2026, 11, 28))))
    assert list(line.x) == pytest.approx([-0.42, 11.42])


def test_the_running_week_and_weeks_away_are_rings_apart_from_the_line():
    chart = tile()
    line = traces(chart, mode="lines+markers", yaxis="y2")[0]
    (ring,) = traces(chart, mode="markers", yaxis="y2")
    assert len(line.x) == 12
    assert list(ring.x) == [12]
    assert ring.marker.size == 7
    assert ring.customdata[0].replace("\u00a0", " ").startswith("week of 23 Nov, so far")
    chart = tile(weeks=weeks(away=frozenset({STARTS[3]})))
    rings = [it for it in traces(chart, mode="markers") if it.marker.color == LIGHT.bg]
    assert {tuple(it.x) for it in rings} == {(3, 12)}
    assert any("away" in it for ring in rings for it in ring.customdata)
    # Weeks without a value are gaps.
    gap = tile(frame(concluded=[1.0, None] + [1.0] * 11))
    line = traces(gap, mode="lines+markers", yaxis="y2")[0]
    assert line.y[1] is None
    assert not line.connectgaps


def test_the_usual_range_is_drawn_unless_it_says_nothing():
    (area,) = traces(tile(), fill="toself")
    assert (area.fillcolor, min(area.y), max(area.y)) == (LIGHT.band, 8.4, 19.4)
    wide, narrow = (Line("failed", "serial share", "share", usual=(0.1, it)) for it in (0.91, 0.9))
    assert [it.yaxis for it in traces(tile(lower=wide), fill="toself")] == ["y2"]
    assert len(traces(tile(lower=narrow), fill="toself")) == 2


def test_layers_of_a_stack_stand_on_each_other():
    chart = tile(lower=HOURS)
    assert [it.marker.color for it in traces(chart, type="bar")] == [LIGHT.serial, LIGHT.parallel]
    assert chart.figure.layout.barmode == "stack"
    assert all("\u00a0d" not in it for it in chart.figure.layout.yaxis.ticktext)
    assert "two or more" in chart.figure.layout.annotations[1].text


@pytest.mark.parametrize(
    ("change", "places"), [(date(2026, 9, 28), [0, 4, 8, 12]), (date(2026, 10, 19), [0, 7, 12])]
)
def test_labels_of_weeks_never_collide(change, places):
    axis = tile(weeks=weeks(change=change)).figure.layout.xaxis
    assert sorted(axis.tickvals) == places


def test_a_lasting_change_is_a_dashed_line_before_its_week():
    (change,) = tile(weeks=weeks(change=date(2026, 9, 28))).figure.layout.shapes
    assert change.x0 == 3.5
    assert not tile().figure.layout.shapes


def test_a_log_axis_has_at_most_three_round_ticks_and_none_without_a_value():
    loop = Line("concluded", "median loop", "hours", value=20.0, usual=(1.0, 100.0), log=True)
    axis = tile(upper=loop).figure.layout.yaxis2
    assert axis.type == "log"
    assert len(axis.tickvals) <= 3
    loop = Line("concluded", "median loop", "hours", log=True)
    assert not tile(frame(concluded=[None] * 13), upper=loop).figure.layout.yaxis2.tickvals


def test_the_alternative_text_says_window_value_and_usual_range():
    said = tile().alt.replace("\u00a0", " ")
    assert said.startswith(
        "Concluded, 12 weeks from week of 31 Aug: experiments concluded 16, 26 Oct to 22 Nov 2026, "
        "usual range 9 to 19, 10 this week so far; share of runs failed 9 %"
    )


def test_hours_add_up_as_printed():
    hours = {"experiment_hours": 1457.98, "serial_hours": 103.4, "parallel_hours": 450.4}
    chart = draw_side_by_side(hours, title="Side by side")
    assert chart.alt.replace("\u00a0", " ") == (
        "Side by side: one after another 1,458 h, as they ran 554 h: 103 h one in flight, "
        "451 h parallel."
    )


def test_without_a_value_charts_are_words():
    assert tile(frame(concluded=[None] * 13, failed=[None] * 13)).missing
    nothing = dict.fromkeys(("experiment_hours", "serial_hours", "parallel_hours"), 0.0)
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


def test_nights_and_days_off_are_an_outline_beside_the_grey_of_machines():
    parts = Stack((("one", "machine", "machine"), ("two", "nights, days off", OFF)), "share")
    chart = tile(lower=parts)
    assert list(chart.figure.layout.yaxis.range) == [0, 1]
    machine, off = traces(chart, type="bar")
    assert machine.marker.color == LIGHT.machine
    assert (off.marker.color, off.marker.line.color) == ("rgba(0,0,0,0)", LIGHT.faint)
