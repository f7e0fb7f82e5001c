"""Loops as two halves, checked as data."""

import math

import polars as pl
import pytest

from tests.chart_frames import HOSTILE, loops
from velocity.charts.loops import draw_loops
from velocity.theme import LIGHT


def drawn(frame, zone="UTC", **more):
    return draw_loops(frame, title="Loops", zone=zone, **more)


def place(hours):
    return pytest.approx(math.log10(1 + 4 * hours))


def bars(chart, colour, *, solid=True):
    wanted = colour if solid else "rgba(0,0,0,0)"
    return [
        trace
        for trace in chart.figure.data
        if trace.type == "bar"
        and trace.marker.color == wanted
        and (solid or trace.marker.line.color == colour)
    ]


def words(chart):
    return [note.text.replace("\u00a0", " ") for note in chart.figure.layout.annotations]


def test_both_halves_begin_in_the_middle_and_neither_hides_the_other():
    chart = drawn(loops((22, 51, "closed"), (1, 4, "closed")))
    (machine,) = bars(chart, LIGHT.machine)
    (waits,) = bars(chart, LIGHT.reaction)
    assert [-it for it in machine.x] == [place(22), place(1)]
    assert list(waits.x) == [place(25.5), place(2)]
    assert machine.base is None
    assert waits.base is None


def test_nothing_is_cut_up_to_five_days():
    chart = drawn(loops((120, 240, "closed")))
    low, high = chart.figure.layout.xaxis.range
    assert low < min(bars(chart, LIGHT.machine)[0].x)
    assert high > max(bars(chart, LIGHT.reaction)[0].x)


def test_the_thin_tail_goes_on_to_the_wait_by_the_clock():
    chart = drawn(loops((1, 8, "closed")))
    (tail,) = [it for it in chart.figure.data if it.type == "scatter" and it.mode == "lines"]
    assert list(tail.x) == [place(4), place(8), None]
    assert tail.line.width == 1.5


def test_without_tails_nothing_is_reported_by_the_clock():
    chart = drawn(loops((1, 8, "closed")), tails=False)
    assert not [it for it in chart.figure.data if it.type == "scatter" and it.mode == "lines"]


def test_open_halves_are_outlines_with_words():
    chart = drawn(loops((6, None, "open"), (2, 3, "awaiting"), (1, 120, "abandoned")))
    assert list(bars(chart, LIGHT.machine, solid=False)[0].y) == [0]
    assert list(bars(chart, LIGHT.reaction, solid=False)[0].y) == [1, 2]
    said = words(chart)
    assert "6 h so far" in said
    assert "running" in said
    assert "1 h 30 m so far" in said
    assert "none in 5 d" in said


def test_waits_are_never_written_in_days():
    assert "60 h" in words(drawn(loops((1, 120, "closed"))))


def test_outcomes_differ_in_shape():
    frame = loops((1, 1, "closed"), (1, 1, "closed"), (1, None, "open"))
    frame = frame.with_columns(outcome=pl.Series(["failure", "killed", "open"]))
    scatters = [it for it in drawn(frame).figure.data if it.type == "scatter"]
    (marks,) = [it for it in scatters if it.mode == "markers"]
    assert len({*marks.marker.symbol}) == 3


def test_names_link_to_their_run_and_are_inert():
    frame = loops((1, 1, "closed")).with_columns(
        label=pl.lit(HOSTILE), url=pl.lit('https://wandb.ai/r"><script>')
    )
    linked = words(drawn(frame))[3]
    assert "<script" not in linked
    assert linked.startswith('<a href="https://wandb.ai/r&quot;')
    without = words(drawn(frame.with_columns(url=pl.lit(None, pl.String))))
    assert "<a " not in without[3]


def test_a_line_separates_weeks_and_the_selected_row_is_marked():
    frame = loops(*[(1, 1, "closed")] * 30).reverse()
    chart = drawn(frame, selected="e3")
    shapes = chart.figure.layout.shapes
    (row,) = [it for it in shapes if it.type == "rect"]
    assert (row.y0, row.y1) == (25.5, 26.5)
    assert len([it for it in shapes if it.type == "line" and it.xref == "paper"]) == 1


def test_days_are_those_of_the_requested_zone():
    frame = loops(*[(1, 1, "closed")] * 3)
    assert [it for it in words(drawn(frame)) if it.startswith(("Mon", "Tue"))][-1] == "Tue 17"
    tokyo = [it for it in words(drawn(frame, "Asia/Tokyo")) if it.startswith(("Mon", "Tue"))]
    assert tokyo == ["Mon 16", "Tue 17", "Tue 17"]


def test_the_medians_of_both_sides_never_lie_on_each_other():
    for medians, anchors in (((1, 2), ["right", "left"]), ((90, 100), ["right", "right"])):
        chart = drawn(loops((1, 1, "closed")), medians=medians)
        notes = [it for it in chart.figure.layout.annotations if it.text.startswith("median")]
        assert [it.xanchor for it in notes] == anchors
        assert notes[0].x < 0 < notes[1].x


def test_medians_are_dashed_lines_with_their_value_above():
    chart = drawn(loops((1, 1, "closed")), medians=(15.8, None))
    dashed = [it for it in chart.figure.layout.shapes if it.line.dash]
    assert [-it.x0 for it in dashed] == [place(15.8)]
    assert "median 15 h 48 m" in words(chart)


def test_a_bar_knows_its_experiment():
    chart = drawn(loops((1, 1, "closed")))
    assert bars(chart, LIGHT.machine)[0].customdata[0][1] == "e0"


def test_no_loop_is_a_text():
    assert drawn(loops()).alt == "Loops: no loop in these days."


def test_the_alternative_text_counts_what_is_open():
    chart = drawn(loops((6, None, "open"), (2, 3, "awaiting")).reverse(), medians=(2, 3))
    assert chart.alt.replace("\u00a0", " ") == (
        "Loops, launched 16 Nov 2026, n = 2 loops: machine has a median of 2 h; next launch has a "
        "median of 3 h; 1 waiting for a launch, 1 running."
    )
