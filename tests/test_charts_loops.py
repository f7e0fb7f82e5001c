import polars as pl
import pytest

from tests.chart_frames import HOSTILE, loops
from velocity.charts.loops import MOST_LOOPS, draw_loops, draw_share_bar
from velocity.theme import LIGHT, tokens


def drawn(frame, zone="UTC", mode="light"):
    return draw_loops(frame, mode=mode, title="Loops", zone=zone)


def bars(chart, colour, *, solid=True):
    wanted = colour if solid else "rgba(0,0,0,0)"
    return [
        trace
        for trace in chart.figure.data
        if trace.marker.color == wanted and (solid or trace.marker.line.color == colour)
    ]


def test_reaction_stands_on_machine_and_both_add_up_to_the_loop():
    chart = drawn(loops((2, 3, "closed"), (1, 5, "closed")))
    (machine,) = bars(chart, LIGHT.machine)
    (reaction,) = bars(chart, LIGHT.reaction)
    assert list(machine.y) == [2, 1]
    assert list(reaction.base) == [2, 1]
    assert list(reaction.y) == [3, 5]
    assert chart.figure.layout.barmode == "overlay"


def test_open_parts_are_outlines():
    chart = drawn(loops((2, 3, "awaiting"), (6, None, "open"), (1, 120, "abandoned")))
    (waiting,) = bars(chart, LIGHT.reaction, solid=False)
    assert list(waiting.x) == [0, 2]
    (running,) = bars(chart, LIGHT.machine, solid=False)
    assert list(running.x) == [1]


def test_long_loops_are_cut_and_labelled_with_their_length():
    chart = drawn(
        loops((2, 3, "closed"), (4, 35, "closed"), (25, 1, "closed"), (1, 120, "abandoned"))
    )
    (reaction,) = bars(chart, LIGHT.reaction)
    assert list(reaction.x) == [0, 1]
    assert reaction.base[1] + reaction.y[1] == 20
    assert list(reaction.text) == ["", "39\u00a0h"]
    assert reaction.insidetextfont.color == LIGHT.ink
    machine = bars(chart, LIGHT.machine)[0]
    assert list(machine.y) == [2, 4, 20, 1]
    assert machine.text[2] == "26\u00a0h"
    (abandoned,) = bars(chart, LIGHT.reaction, solid=False)
    assert list(abandoned.text) == [">\u00a05\u00a0d\u00a01\u00a0h"]
    assert list(chart.figure.layout.yaxis.tickvals) == [0, 5, 10, 15, 20]


def test_days_begin_in_the_requested_zone():
    # Monday 12:00, 18:00, and midnight in UTC; from 21:00 in Tokyo.
    frame = loops(*[(1, 1, "closed")] * 3)
    assert list(drawn(frame).figure.layout.xaxis.ticktext) == ["16", "17"]
    assert list(drawn(frame).figure.layout.xaxis.tickvals) == [0, 2]
    assert list(drawn(frame, zone="Asia/Tokyo").figure.layout.xaxis.tickvals) == [0, 1]


def test_a_new_month_is_named():
    frame = loops(*[(1, 1, "closed")] * 64)
    assert "1\u00a0Dec" in drawn(frame).figure.layout.xaxis.ticktext


def test_hover_shows_hostile_names_as_text():
    frame = loops((1, 1, "closed")).with_columns(label=pl.lit(HOSTILE))
    words = drawn(frame).figure.data[0].customdata[0]
    assert "<script" not in words
    assert "&lt;script&gt;" in words


def test_too_many_loops_leave_out_the_oldest_with_a_note():
    chart = drawn(loops(*[(1, 1, "closed")] * (MOST_LOOPS + 5)))
    assert chart.note == "The latest 400 of 405 loops."
    assert len(bars(chart, LIGHT.machine)[0].x) == MOST_LOOPS
    assert not any(chart.figure.data[0].text)


def test_no_loops_are_blank():
    assert drawn(loops()).alt == "Loops: no data in this window."


def test_the_alternative_text_counts_each_status():
    chart = drawn(loops((2, 3, "closed"), (2, 3, "closed"), (6, None, "open")))
    assert chart.alt == (
        "Loops, launched 16 to 17\u00a0Nov 2026, n\u00a0=\u00a03 loops: 2 closed, 1 open."
    )


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_share_bar_labels_both_ends_and_adds_up(mode):
    chart = draw_share_bar(
        machine_hours=95,
        reaction_hours=432,
        reaction_share=432 / 527,
        loops=47,
        mode=mode,
        title="Loop",
    )
    machine, reaction = chart.figure.data
    assert (machine.x[0], reaction.x[0]) == (95, 432)
    assert machine.marker.color == tokens(mode).machine
    texts = [note.text.replace("\u00a0", " ") for note in chart.figure.layout.annotations]
    assert texts == [
        "machine <b>18 %</b>",
        "reaction <b>82 %</b>",
        "95 h",
        "432 h of 527 h in 47 closed loops",
    ]


def test_without_closed_loops_there_is_no_share():
    chart = draw_share_bar(
        machine_hours=0, reaction_hours=0, reaction_share=None, loops=0, mode="light", title="Loop"
    )
    assert chart.alt == "Loop: no closed loop in this window."
