"""Charts of Stand-up: each plots the figure it is headed by, and says the same in words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.chart_frames import HOSTILE, weeks
from tests.plain_sentences import plain
from velocity.charts.balances import draw_ends
from velocity.charts.dumbbell import draw_dumbbell
from velocity.charts.panels import draw_panels
from velocity.charts.to_date import draw_to_date
from velocity.charts.waits import draw_bullet, draw_waits
from velocity.theme import LIGHT

if TYPE_CHECKING:
    from velocity.charts.base import Chart

TODAY = date(2026, 11, 28)


def days(values, before=None, low=None, high=None):
    known = {"value": pl.Float64, "before": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    nothing = [None] * 7
    return pl.DataFrame(
        {
            "tick": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
            "value": [*values, *nothing][:7],
            "before": before or nothing,
            "low": [low] * 7,
            "high": [high] * 7,
        },
        schema={"tick": pl.String, **known},
    )


def to_date(frame, unit="count", those="16\u201321 Nov"):
    return draw_to_date(frame, title="Concluded", unit=unit, these="23\u201328 Nov", those=those)


def test_words_of_a_low_value_are_beside_its_point_not_on_the_axis():
    low = to_date(days([1, 2, 4], [9, 20, 30, 45, 50, 60, 70])).figure.layout.annotations[1]
    assert (low.text, low.yanchor, low.xanchor) == ("<b>4</b>", "bottom", "right")


def test_the_last_point_to_date_is_the_figure():
    chart = to_date(days([10, 25, 40], [9, 20, 30, 45, 50, 60, 70], 5, 50))
    *_, ring, line, dot = chart.figure.data
    assert list(line.y) == [10, 25, 40]
    assert (dot.x[0], dot.y[0]) == (2, 40)
    assert (ring.x[0], ring.y[0]) == (2, 30)
    dotted = [trace for trace in chart.figure.data if trace.line.dash == "dot"]
    assert [list(trace.y) for trace in dotted] == [[30, 45, 50, 60, 70]]
    assert chart.figure.layout.yaxis.range[0] == 0
    texts = [note.text for note in chart.figure.layout.annotations]
    assert texts[1:] == ["<b>40</b>", "30"]
    assert plain(chart.alt) == (
        "Concluded, 23\u201328 Nov: 40 through Wed; 30 on the same days of 16\u201321 Nov; usual "
        "range 5 to 50."
    )


def test_the_lower_of_two_values_is_written_below():
    chart = to_date(days([1, 2, 25], [9, 20, 30, 45, 50, 60, 70]))
    now, before = chart.figure.layout.annotations[1:]
    assert (now.yanchor, before.yanchor) == ("top", "bottom")


def test_a_gap_in_the_days_stays_a_gap():
    chart = to_date(days([None, 2.0, None, 4.0]), unit="hours", those="")
    line, dot = chart.figure.data
    assert list(line.y) == [None, 2.0, None, 4.0]
    assert line.connectgaps is False
    assert dot.x[0] == 3
    assert "usual" not in chart.figure.layout.annotations[0].text


def test_days_without_a_value_are_words():
    assert to_date(days([])).missing == "Nothing to draw yet"


def ends(*rows):
    columns = ("name", "runs_out_on", "seen_before")
    kinds = {"name": pl.String, "runs_out_on": pl.Date, "seen_before": pl.Date}
    return pl.DataFrame([dict(zip(columns, row, strict=True)) for row in rows], schema=kinds)


def test_ticks_with_years_are_fewer():
    for days_ahead, ticks in ((30, 4), (200, 3)):
        end = TODAY + timedelta(days=days_ahead)
        chart = draw_ends(ends(("Aurora", end, None)), today=TODAY, title="Ends")
        assert len(chart.figure.layout.xaxis.tickvals) == ticks


def test_credits_are_lines_to_the_day_on_which_they_end():
    first, second = TODAY + timedelta(days=20), TODAY + timedelta(days=29)
    chart = draw_ends(
        ends(("Aurora", first, second), ("Basalt", second, None), ("Cirrus", None, None)),
        today=TODAY,
        title="Credits run out",
    )
    lines = [trace for trace in chart.figure.data if trace.mode == "lines"]
    assert [list(trace.x) for trace in lines] == [
        ["2026-11-28", "2026-12-18"],
        ["2026-11-28", "2026-12-27"],
    ]
    assert lines[0].line.width > lines[1].line.width
    texts = [plain(note.text) for note in chart.figure.layout.annotations]
    assert "<b>18 Dec</b>" in texts
    assert "no end" in texts
    assert plain(chart.alt) == (
        "Credits run out from Sat 28 Nov: Aurora runs out Fri 18 Dec; seen a week before: 27 Dec; "
        "Basalt runs out Sun 27 Dec; Cirrus no end at this pace."
    )


def test_without_an_end_there_are_words():
    chart = draw_ends(ends(("Aurora", None, None)), today=TODAY, title="Credits")
    assert chart.missing == "No stream has credits that run out at this pace"


@pytest.mark.parametrize("axis", [True, False])
def test_a_wait_is_a_line_over_the_lines_own_usual(axis):
    chart = draw_bullet(
        {
            "waited_working_hours": 12.0,
            "usual_working_hours": 7.5,
            "usual_median_working_hours": 2.0,
        },
        longest=12.0,
        title="heron / p",
        axis=axis,
    )
    bar, tick = chart.figure.layout.shapes
    assert (bar.x0, bar.x1) == (0, 7.5)
    assert bar.line.width == 1
    assert tick.x0 == 2.0
    line, dot = chart.figure.data
    assert list(line.x) == [0, 12.0]
    assert dot.marker.color == LIGHT.reaction
    assert chart.figure.layout.height == (66 if axis else 44)
    assert plain(chart.alt) == "heron / p: 12 h of working hours; usual is up to 7 h 30 m."


def moved(*rows):
    return pl.DataFrame(
        [
            {
                "id": name.lower(),
                "name": name,
                "now": now,
                "before": before,
                "now_words": str(now),
                "before_words": str(before),
                "change_words": "±0",
                "total": name == "Programme",
            }
            for name, now, before in rows
        ],
        schema_overrides={"now": pl.Float64, "before": pl.Float64},
    )


def dumbbell(frame, **more):
    words = {"these": "23\u201328\u00a0Nov", "those": "16\u201321\u00a0Nov"}
    return draw_dumbbell(frame, title="Concluded", unit="count", **{**words, **more})


def test_both_values_of_a_stream_are_joined_and_the_total_has_no_mark():
    chart = dumbbell(moved(("Aurora", 59, 52), ("Basalt", 61, None), ("Programme", 120, 52)))
    kinds = [trace.mode for trace in chart.figure.data]
    assert kinds == ["lines", "markers", "markers", "markers"]
    assert chart.figure.layout.xaxis.range[0] == 0
    assert chart.figure.layout.xaxis.range[1] < 70
    texts = [note.text for note in chart.figure.layout.annotations]
    assert {"23\u201328", "16\u201321", "change", "<b>Programme</b>"} <= set(texts)
    assert [trace.customdata[0][1] for trace in chart.figure.data[1:]] == [
        "aurora",
        "aurora",
        "basalt",
    ]


def test_the_chosen_stream_has_the_accent():
    chart = dumbbell(moved(("Aurora", 59, 52), ("Programme", 59, 52)), chosen="aurora")
    assert chart.figure.data[0].line.color == LIGHT.accent
    assert dumbbell(moved(("Programme", None, None))).missing == "Nothing to compare in these days"


def test_values_far_apart_are_on_a_log_axis_with_earlier_weeks_as_ticks():
    rows = moved(("Aurora", 2, 3), ("Dune", 70, 59), ("Programme", 7, 8))
    axis = dumbbell(rows, earlier={"aurora": []}).figure.layout.xaxis
    assert axis.type == "log"
    assert [10**it for it in axis.range] == pytest.approx([1.73, 80.7], rel=0.01)
    assert list(axis.ticktext) == ["1", "10", "100"]
    with_zero = moved(("Aurora", 0, 3), ("Dune", 70, 59))
    for chart in (dumbbell(rows), dumbbell(with_zero, earlier={"aurora": []})):
        assert chart.figure.layout.xaxis.range[0] == 0
    near = moved(("Aurora", 40, 41), ("Dune", 70, 59))
    chart = dumbbell(near, earlier={"aurora": [1.0, 35.0]})
    assert chart.figure.layout.xaxis.type == "log"
    assert list(chart.figure.data[0].x) == [1, 35]
    assert chart.figure.data[0].marker.symbol == "line-ns"
    assert "earlier weeks" in chart.figure.layout.annotations[0].text
    assert "earlier weeks" not in dumbbell(near).figure.layout.annotations[0].text


def test_days_too_long_for_a_column_are_named_in_words():
    chart = dumbbell(
        moved(("A", 1, 2)),
        these="26\u00a0Oct\u201322\u00a0Nov",
        those="28\u00a0Sep\u201325\u00a0Oct",
    )
    texts = [note.text for note in chart.figure.layout.annotations]
    assert {"these days", "before"} <= set(texts)


def panels(*groups, unit="share"):
    frame = pl.concat(frame.with_columns(group_id=pl.lit(group)) for group, frame in groups)
    names = {group: group.capitalize() for group, _ in groups}
    return draw_panels(frame, groups=names, unit=unit, title="Share")


def test_each_panel_has_its_own_range_and_shows_its_band_whole():
    low = weeks([0.2, 0.4, 0.3], limits=(0.1, 0.5))
    high = weeks([0.7, 0.9, 0.8], limits=(0.6, 0.95))
    chart = panels(("aurora", low), ("basalt", high))
    layout = chart.figure.layout
    for axis, (bottom, top) in ((layout.yaxis, (0.1, 0.5)), (layout.yaxis2, (0.6, 0.95))):
        assert axis.range[0] < bottom
        assert axis.range[1] > top
    assert layout.yaxis2.range[0] > layout.yaxis.range[1] - 0.2
    assert layout.yaxis.domain[0] > layout.yaxis2.domain[1]
    assert [shape.y0 for shape in layout.shapes] == [0.1, 0.6]


def test_the_running_week_is_an_open_point_at_the_end_of_a_dotted_line():
    chart = panels(("aurora", weeks([0.2, 0.4, 0.3], limits=(0.1, 0.5), running=2)))
    whole, dotted, ring = chart.figure.data
    assert list(whole.y) == [0.2, 0.4]
    assert (list(dotted.y), dotted.line.dash) == ([0.4, 0.3], "dot")
    assert ring.marker.color == LIGHT.bg
    assert "30\u00a0% so far" in chart.alt


def test_one_whole_week_alone_is_a_dot():
    _, dot = panels(("aurora", weeks([0.2, None]))).figure.data
    assert (dot.mode, list(dot.y)) == ("markers", [0.2])


def test_only_the_latest_whole_week_has_a_filled_diamond():
    frame = weeks([0.9, 0.4, 0.9, 0.3], limits=(0.1, 0.5), shift={0, 2}, running=3)
    chart = panels(("aurora", frame))
    diamonds = [it for it in chart.figure.data if it.marker.symbol == "diamond"]
    assert [it.marker.color for it in diamonds] == [LIGHT.bg, LIGHT.accent]
    assert "90\u00a0% in the week of 14\u00a0Sep was beyond it" in chart.alt


def test_times_are_on_a_log_axis_and_gaps_have_no_point():
    frame = weeks([4.0, None, 40.0], limits=(2.0, 80.0))
    chart = panels(("aurora", frame), unit="hours")
    assert chart.figure.layout.yaxis.type == "log"
    assert list(chart.figure.data[0].y) == [4.0, 40.0]
    none = weeks([None, None]).with_columns(group_id=pl.lit("aurora"))
    blank = draw_panels(none, groups={"aurora": "A"}, unit="share", title="S")
    assert blank.missing == "No week yet"


def test_waits_are_dots_without_names():
    chart = draw_waits([("Aurora", [0.3, 1.2]), ("Basalt", [9.0]), ("Cirrus", [])], title="Waits")
    assert [list(trace.x) for trace in chart.figure.data] == [[0.3], [1.2], [2.4]]
    texts = [note.text for note in chart.figure.layout.annotations]
    assert texts.count("<b>1 waits longer</b>") == 2
    assert chart.alt == (
        "Waits: Aurora 2 lines, 1 beyond; Basalt 1 line, 1 beyond; Cirrus 0 lines, 0 beyond."
    )
    assert draw_waits([("Aurora", [])], title="W").missing == "No result waits"


def test_an_enlarged_chart_has_everything_in_px_larger():
    chart = to_date(days([10, 25, 40], [9, 20, 30, 45, 50, 60, 70]))
    large: Chart = chart.enlarged(2)
    assert large.figure.layout.height == 2 * chart.figure.layout.height
    assert large.figure.layout.margin.l == 2 * chart.figure.layout.margin.l
    assert large.figure.layout.font.size == 24
    assert large.figure.data[-1].marker.size == 2 * chart.figure.data[-1].marker.size
    assert list(large.figure.data[-1].y) == list(chart.figure.data[-1].y)
    assert large.figure.layout.template == chart.figure.layout.template
    assert chart.figure.layout.font.size is None


def test_names_are_text_in_every_chart():
    for chart in (
        draw_ends(ends((HOSTILE, TODAY + timedelta(days=9), None)), today=TODAY, title="C"),
        dumbbell(moved((HOSTILE, 1, 2))),
        panels((HOSTILE, weeks([0.2, 0.4], limits=(0.1, 0.5)))),
        draw_waits([(HOSTILE, [0.5])], title="W"),
    ):
        for note in chart.figure.layout.annotations:
            assert "<script" not in note.text
