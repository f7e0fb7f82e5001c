"""Loops as two halves, checked as data."""

import math

import polars as pl
import pytest

from tests.chart_frames import HOSTILE, loops, texts, traces
from velocity.charts.loops import draw_loops
from velocity.theme import LIGHT


def drawn(frame, zone="UTC", **more):
    return draw_loops(frame, title="Loops", zone=zone, **more)


def place(hours):
    return pytest.approx(math.log10(1 + 4 * hours))


def bars(chart, colour):
    return [it for it in traces(chart, type="bar") if it.marker.color == colour]


def outlines(chart, colour):
    return [it for it in bars(chart, "rgba(0,0,0,0)") if it.marker.line.color == colour]


def test_both_halves_begin_in_the_middle_and_neither_hides_the_other():
    chart = drawn(loops((22, 51, "closed"), (1, 4, "closed")))
    (machine,) = bars(chart, LIGHT.machine)
    (waits,) = bars(chart, LIGHT.reaction)
    assert [-it for it in machine.x] == [place(22), place(1)]
    assert machine.customdata[0][1] == "e0"
    assert list(waits.x) == [place(25.5), place(2)]
    assert machine.base is waits.base is None


def test_nothing_is_cut_up_to_five_days_and_waits_are_never_written_in_days():
    assert "60 h" in texts(drawn(loops((1, 120, "closed"))))
    chart = drawn(loops((120, 240, "closed")))
    low, high = chart.figure.layout.xaxis.range
    assert low < min(bars(chart, LIGHT.machine)[0].x)
    assert high > max(bars(chart, LIGHT.reaction)[0].x)


def test_a_thin_line_shows_the_wait_by_the_clock_and_the_words_stand_at_the_working_hours():
    with_tails, without = (drawn(loops((1, 8, "closed")), tails=it) for it in (True, False))
    (tail,) = traces(with_tails, type="scatter", mode="lines")
    assert list(tail.x) == [0, place(8), None]
    (words,) = (it for it in with_tails.figure.layout.annotations if it.text[:1] == "4")
    assert words.x == place(4)
    assert tail.line.width == 1.5
    assert not traces(without, type="scatter", mode="lines")


def test_open_halves_are_outlines_with_texts():
    chart = drawn(loops((6, None, "open"), (2, 3, "awaiting"), (1, 120, "abandoned")))
    assert list(outlines(chart, LIGHT.machine)[0].y) == [0]
    assert list(outlines(chart, LIGHT.reaction)[0].y) == [1, 2]
    assert {"6 h", "running", "1 h 30 m so far", "none in 5 d"} <= {*texts(chart)}


def test_outcomes_differ_in_shape():
    frame = loops((1, 1, "closed"), (1, 1, "closed"), (1, None, "open"))
    frame = frame.with_columns(outcome=pl.Series(["failure", "killed", "open"]))
    frame = frame.with_columns(machine_event=pl.col("outcome") == "failure")
    chart = drawn(frame)
    (marks,) = traces(chart, mode="markers")
    assert len({*marks.marker.symbol}) == 3
    # Only what runs has lasted "so far": what was killed is over.
    told = [row[0] for it in bars(chart, LIGHT.machine) for row in it.customdata]
    told += [row[0] for it in outlines(chart, LIGHT.machine) for row in it.customdata]
    assert [it.count("so far") for it in told] == [0, 0, 1]


def test_names_link_to_their_run_and_are_inert():
    frame = loops((1, 1, "closed")).with_columns(
        label=pl.lit(HOSTILE), url=pl.lit('https://wandb.ai/r"><script>')
    )
    linked = texts(drawn(frame))[3]
    assert "<script" not in linked
    assert linked.startswith('<a href="https://wandb.ai/r&quot;')
    without = texts(drawn(frame.with_columns(url=pl.lit(None, pl.String))))
    assert "<a " not in without[3]


@pytest.mark.parametrize(("machine", "named"), [(30, "calm-shoal-1455"), (48, "calm-shoal…")])
def test_a_name_leaves_room_for_a_long_machine_half(machine, named):
    frame = loops((machine, 1, "closed")).with_columns(
        label=pl.lit("calm-shoal-1455"), url=pl.lit(None, pl.String)
    )
    assert named in texts(drawn(frame))


def test_a_line_separates_weeks_and_the_selected_row_is_marked():
    frame = loops(*[(1, 1, "closed")] * 30).reverse()
    chart = drawn(frame, selected="e3")
    shapes = chart.figure.layout.shapes
    (row,) = [it for it in shapes if it.type == "rect"]
    assert (row.y0, row.y1) == (25.5, 26.5)
    assert len([it for it in shapes if it.type == "line" and it.xref == "paper"]) == 1


def test_days_are_those_of_the_requested_zone():
    frame = loops(*[(1, 1, "closed")] * 3)
    utc, tokyo = (
        [it for it in texts(drawn(frame, zone)) if it.startswith(("Mon", "Tue"))]
        for zone in ("UTC", "Asia/Tokyo")
    )
    assert utc[-1] == "Tue 17"
    assert tokyo == ["Mon 16", "Tue 17", "Tue 17"]


@pytest.mark.parametrize(("medians", "anchor"), [((1, 2), "left"), ((90, 100), "right")])
def test_the_medians_of_both_sides_never_lie_on_each_other(medians, anchor):
    chart = drawn(loops((1, 1, "closed")), medians=medians)
    left, right = (it for it in chart.figure.layout.annotations if it.text.startswith("median"))
    assert (left.xanchor, right.xanchor) == ("right", anchor)
    assert left.x < 0 < right.x


def test_medians_are_dashed_lines_with_their_value_above_and_the_text_counts_what_is_open():
    chart = drawn(loops((1, 1, "closed")), medians=(15.8, None))
    dashed = [it for it in chart.figure.layout.shapes if it.line.dash]
    assert [-it.x0 for it in dashed] == [place(15.8)]
    assert "median 15 h 48 m" in texts(chart)
    assert drawn(loops()).alt == "Loops: no loop in these days."
    chart = drawn(loops((6, None, "open"), (2, 3, "awaiting")).reverse(), medians=(2, 3))
    assert chart.alt.replace("\u00a0", " ") == (
        "Loops, launched 16 Nov 2026, n = 2 loops: machine has a median of 2 h; next launch has a "
        "median of 3 h; 1 waiting for a launch, 1 running."
    )
