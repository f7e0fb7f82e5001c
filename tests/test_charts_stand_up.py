"""Charts of Stand-up: each plots the figure it is headed by, and says the same in words."""

import itertools
from datetime import timedelta

import polars as pl
import pytest

from tests.chart_frames import HOSTILE, texts, traces, weeks
from tests.plain_sentences import plain
from tests.sentence_frames import TODAY, end, ends
from velocity.charts.balances import draw_ends
from velocity.charts.dumbbell import draw_dumbbell
from velocity.charts.panels import draw_panels
from velocity.charts.to_date import draw_to_date
from velocity.charts.waits import draw_bullet, draw_waits
from velocity.theme import LIGHT

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BEFORE = [9, 20, 30, 45, 50, 60, 70]


def days(values, before=(), low=None, high=None):
    amounts = dict.fromkeys(("value", "before", "low", "high"), pl.Float64)
    rows = itertools.zip_longest(DAYS, values, before)
    return pl.DataFrame(
        [(*row, low, high) for row in rows], schema={"tick": pl.String} | amounts, orient="row"
    )


def to_date(frame, unit="count", those="16\u201321 Nov"):
    asked = {"unit": unit, "these": "23\u201328 Nov", "those": those}
    return draw_to_date(frame, title="Concluded", **asked)


def test_values_are_written_beside_their_points_and_never_on_each_other_or_the_axis():
    low = to_date(days([1, 2, 4], BEFORE)).figure.layout.annotations[1]
    assert (low.text, low.yanchor, low.xanchor) == ("<b>4</b>", "bottom", "right")
    now, before = to_date(days([1, 2, 25], BEFORE)).figure.layout.annotations[1:]
    assert (now.yanchor, before.yanchor) == ("top", "bottom")
    _, *first = to_date(days([25], BEFORE)).figure.layout.annotations
    assert [it.xanchor for it in first] == ["left", "left"]


def test_the_last_point_to_date_is_the_figure():
    chart = to_date(days([10, 25, 40], BEFORE, 5, 50))
    *_, ring, line, dot = chart.figure.data
    assert list(line.y) == [10, 25, 40]
    assert (dot.x[0], dot.y[0]) == (2, 40)
    assert (ring.x[0], ring.y[0]) == (2, 30)
    dotted = [trace for trace in chart.figure.data if trace.line.dash == "dot"]
    assert [list(trace.y) for trace in dotted] == [[30, 45, 50, 60, 70]]
    assert chart.figure.layout.yaxis.range[0] == 0
    assert texts(chart)[1:] == ["<b>40</b>", "30"]
    assert plain(chart.alt) == (
        "Concluded, 23\u201328 Nov: 40 through Wed; 30 on the same days of 16\u201321 Nov; usual "
        "range 5 to 50."
    )


def test_a_narrow_picture_has_every_second_tick_and_the_last():
    frame = days([1] * 7, BEFORE)
    chart = draw_to_date(frame, title="C", unit="count", these="a", those="b", narrow=True)
    assert [*chart.figure.layout.xaxis.ticktext][::-1] == [*DAYS][::2]


def test_a_gap_in_the_days_stays_a_gap():
    chart = to_date(days([None, 2.0, None, 4.0]), unit="hours", those="")
    line, dot = chart.figure.data
    assert list(line.y) == [None, 2.0, None, 4.0]
    assert line.connectgaps is False
    assert dot.x[0] == 3
    assert "usual" not in chart.figure.layout.annotations[0].text


def drawn_ends(*streams):
    """The chart of streams, each (name, days until its credits end, as seen a week before)."""
    rows = [
        end(name, days, seen_before=seen and TODAY + timedelta(days=seen))
        for name, days, seen in streams
    ]
    return draw_ends(ends(*rows), today=TODAY, title="Credits run out")


@pytest.mark.parametrize(("days_ahead", "ticks"), [(30, 4), (200, 3)])
def test_ticks_with_years_are_fewer(days_ahead, ticks):
    chart = drawn_ends(("Aurora", days_ahead, None))
    assert len(chart.figure.layout.xaxis.tickvals) == ticks


def test_credits_are_lines_to_the_day_on_which_they_end():
    without = [("Basalt", 29, None), ("Cirrus", None, None)]
    chart = drawn_ends(("Aurora", 20, 29), *without)
    first, second = traces(chart, mode="lines")
    assert list(first.x) == ["2026-11-28", "2026-12-18"]
    assert list(second.x) == ["2026-11-28", "2026-12-27"]
    assert first.line.width > second.line.width
    assert {"<b>18 Dec</b>", "no end"} <= set(texts(chart))
    assert plain(chart.alt) == (
        "Credits run out from Sat 28 Nov: Aurora runs out Fri 18 Dec; seen a week before: 27 Dec; "
        "Basalt runs out Sun 27 Dec; Cirrus no end at this pace."
    )


@pytest.mark.parametrize("axis", [True, False])
def test_a_wait_is_a_line_over_the_lines_own_usual(axis):
    usual = {"usual_working_hours": 7.5, "usual_median_working_hours": 2.0}
    row = {"waited_working_hours": 12.0} | usual
    chart = draw_bullet(row, longest=12.0, title="heron / p", axis=axis)
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
    """Rows of streams, each (name, now, before)."""
    return pl.DataFrame(
        [
            {"id": name.lower(), "name": name, "total": name == "Programme", "change_words": "±0"}
            | {"now": now, "before": before, "now_words": str(now), "before_words": str(before)}
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
    low, high = chart.figure.layout.xaxis.range
    assert low == 0 < high < 70
    assert {"23\u201328", "16\u201321", "change", "<b>Programme</b>"} <= set(texts(chart))
    chosen = dumbbell(moved(("Aurora", 59, 52), ("Programme", 59, 52)), chosen="aurora")
    assert chosen.figure.data[0].line.color == LIGHT.accent
    streams = [trace.customdata[0][1] for trace in chart.figure.data[1:]]
    assert streams == ["aurora", "aurora", "basalt"]


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
    assert "earlier weeks" in texts(chart)[0]
    assert "earlier weeks" not in texts(dumbbell(near))[0]


def test_days_too_long_for_a_column_are_named_in_words():
    days = {"these": "26\u00a0Oct\u201322\u00a0Nov", "those": "28\u00a0Sep\u201325\u00a0Oct"}
    assert {"these days", "before"} <= set(texts(dumbbell(moved(("A", 1, 2)), **days)))


def panels(*groups, unit="share"):
    frame = pl.concat(frame.with_columns(group_id=pl.lit(group)) for group, frame in groups)
    names = {group: group.capitalize() for group, _ in groups}
    return draw_panels(frame, groups=names, unit=unit, title="Share")


def test_each_panel_has_its_own_range_and_shows_its_band_whole():
    low = weeks([0.2, 0.4, 0.3], limits=(0.1, 0.5))
    high = weeks([0.7, 0.9, 0.8], limits=(0.6, 0.95))
    chart = panels(("aurora", low), ("basalt", high))
    layout = chart.figure.layout
    for axis, bottom, top in ((layout.yaxis, 0.1, 0.5), (layout.yaxis2, 0.6, 0.95)):
        assert axis.range[0] < bottom < top < axis.range[1]
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


def test_only_the_latest_whole_week_has_a_filled_diamond():
    frame = weeks([0.9, 0.4, 0.9, 0.3], limits=(0.1, 0.5), shift={0, 2}, running=3)
    chart = panels(("aurora", frame))
    diamonds = [it for it in chart.figure.data if it.marker.symbol == "diamond"]
    assert [it.marker.color for it in diamonds] == [LIGHT.bg, LIGHT.accent]
    assert "90\u00a0% in the week of 14\u00a0Sep was beyond it" in chart.alt
    assert "whole week" not in " ".join(texts(chart))
    # The latest point is of some days of the week whose shift it shows.
    cut = weeks([0.9, 0.4, 0.9], limits=(0.1, 0.5), shift={2}).with_columns(whole=pl.lit(0.8))
    told = [it for it in texts(panels(("aurora", cut))) if "whole week<br>80 %" in it]
    assert [it.startswith("<b>90 %</b>") for it in told] == [True]
    same = cut.with_columns(whole="value")
    assert "whole week" not in " ".join(texts(panels(("aurora", same))))


def test_times_are_on_a_log_axis_gaps_have_no_point_and_a_week_alone_is_a_dot():
    _, dot = panels(("aurora", weeks([0.2, None]))).figure.data
    assert (dot.mode, list(dot.y)) == ("markers", [0.2])
    frame = weeks([4.0, None, 40.0], limits=(2.0, 80.0))
    chart = panels(("aurora", frame), unit="hours")
    assert chart.figure.layout.yaxis.type == "log"
    assert list(chart.figure.data[0].y) == [4.0, 40.0]


def waits(*streams):
    return draw_waits(streams, title="Waits")


def test_waits_are_dots_without_names():
    chart = waits(("Aurora", [0.3, 1.2]), ("Basalt", [9.0]), ("Cirrus", []))
    assert [list(trace.x) for trace in chart.figure.data] == [[0.3], [1.2], [2.4]]
    assert texts(chart).count("<b>1 waits longer</b>") == 2
    assert chart.alt == (
        "Waits: Aurora 2 lines, 1 beyond; Basalt 1 line, 1 beyond; Cirrus 0 lines, 0 beyond."
    )


def test_an_enlarged_chart_has_everything_in_px_larger():
    chart = to_date(days([10, 25, 40], BEFORE))
    large = chart.enlarged(2)
    assert large.figure.layout.height == 2 * chart.figure.layout.height
    assert large.figure.layout.margin.l == 2 * chart.figure.layout.margin.l
    assert large.figure.layout.font.size == 24
    assert large.figure.data[-1].marker.size == 2 * chart.figure.data[-1].marker.size
    assert list(large.figure.data[-1].y) == list(chart.figure.data[-1].y)
    assert large.figure.layout.template == chart.figure.layout.template
    assert chart.figure.layout.font.size is None


def test_without_data_charts_are_words():
    assert to_date(days([])).missing == "Nothing to draw yet"
    no_end = "No stream has credits that run out at this pace"
    assert drawn_ends(("Aurora", None, None)).missing == no_end
    assert dumbbell(moved(("Programme", None, None))).missing == "Nothing to compare in these days"
    assert panels(("aurora", weeks([None, None]))).missing == "Not known in any week"
    assert waits(("Aurora", [])).missing == "No result waits"


def test_names_are_text_in_every_chart():
    for chart in (
        drawn_ends((HOSTILE, 9, None)),
        dumbbell(moved((HOSTILE, 1, 2))),
        panels((HOSTILE, weeks([0.2, 0.4], limits=(0.1, 0.5)))),
        waits((HOSTILE, [0.5])),
    ):
        assert not [it for it in texts(chart) if "<script" in it]
