"""Two weeks of launches with a column per day, checked as data."""

import re
from datetime import date, timedelta

import pytest

from velocity.charts.launches import draw_launches
from velocity.theme import LIGHT

LAST = date(2026, 11, 28)
FIRST = LAST - timedelta(days=13)


def row(launched, result=None, following=None, **more):
    return {
        "experiment_id": f"e/p/{launched}",
        "label": "high-heath-1",
        "outcome": "success" if result else "open",
        "loop_status": "closed" if following else "abandoned" if result else "open",
        "launched": date(2026, 11, launched),
        "result": date(2026, 11, result) if result else None,
        "next": date(2026, 11, following) if following else None,
    } | more


def launches(*rows):
    return draw_launches(rows, first=FIRST, last=LAST, title="Launches")


def shapes(chart, kind):
    """Rectangles, or lines that lie along a lane."""
    shown = [it for it in chart.figure.layout.shapes if it.type == kind]
    return shown if kind == "rect" else [it for it in shown if it.y0 == it.y1]


def test_a_loop_is_a_bar_and_a_line_in_the_columns_of_its_days():
    chart = launches(row(16, 17, 19))
    bar, *_ = shapes(chart, "rect")
    wait, *_ = shapes(chart, "line")
    assert (bar.x0[:10], bar.x1[:10]) == ("2026-11-16", "2026-11-17")
    assert (wait.x0, wait.x1[:10], wait.line.dash) == (bar.x1, "2026-11-19", "solid")
    assert (bar.fillcolor, wait.line.color) == (LIGHT.machine, LIGHT.reaction)


def test_the_place_in_a_column_is_the_same_for_every_launch():
    chart = launches(row(16, 16, 16), row(18, 18, 18), row(20, 20, 20))
    assert len({(it.x0[10:], it.x1[10:]) for it in shapes(chart, "rect")}) == 1
    assert len({(it.x0[10:], it.x1[10:]) for it in shapes(chart, "line")}) == 1


def test_what_waits_is_dotted_to_the_end_and_named_on_top():
    chart = launches(row(16, 17, 28), row(25, 26, loop_status="awaiting"))
    waits = [it for it in shapes(chart, "line") if it.line.dash == "dot"]
    assert [(it.x1, it.y0) for it in waits] == [("2026-11-29", 0)]
    assert any("high-heath-1</b>, result Thu" in it.text for it in chart.figure.layout.annotations)


def test_what_runs_ends_with_the_days_and_what_was_given_up_has_no_line():
    chart = launches(row(27), row(16, 17))
    assert sorted(it.x1[:10] for it in shapes(chart, "rect")) == ["2026-11-17", "2026-11-29"]
    assert shapes(chart, "line") == []


@pytest.mark.parametrize("outcome", ["failure", "false_start"])
def test_failures_are_crosses_that_give_their_experiment(outcome):
    chart = launches(row(16, 16, 17, outcome=outcome), row(18, 18, 19))
    dots, crosses = chart.figure.data
    assert crosses.marker.symbol == "x"
    assert [it[1] for it in crosses.customdata] == ["e/p/16"]
    assert [it[1] for it in dots.customdata] == ["e/p/16", "e/p/18"]
    assert "failed Mon\u00a016\u00a0Nov" in crosses.customdata[0][0]
    assert "1 failed" in chart.alt


def test_overlapping_launches_have_lanes_and_those_without_one_are_counted():
    chart = launches(*(row(16, 17, 18, experiment_id=f"e/p/{at}") for at in range(11)))
    assert {it.y0 for it in shapes(chart, "line")} == set(range(6))
    assert chart.figure.layout.annotations[0].text.endswith("5 not drawn")
    assert chart.alt.endswith("; 5 launches not drawn.")
    assert launches(row(16, 17, 17), row(18, 18, 18)).figure.layout.height == 64


def test_launches_before_and_after_the_days_are_left_out():
    assert launches(row(10, 11, 12), row(29, 29)).missing
    assert not launches(row(10, 11, 16)).missing
    assert launches().alt == "Launches: no launch in these two weeks."


def test_no_time_of_day_is_said_and_names_are_inert():
    chart = launches(row(16, 17, 18, label="<b>x</b>"), row(25, 26, loop_status="awaiting"))
    said = [chart.alt, *(it.text for it in chart.figure.layout.annotations)]
    said += [it[0] for it in chart.figure.data[0].customdata]
    assert not any(re.search(r"\d:\d", it) for it in said)
    assert not any("<b>x</b>" in it for it in said)


def test_what_waits_has_a_lane_however_many_launches_came_before():
    waiting = row(26, 26, loop_status="awaiting", label="late", outcome="failure")
    chart = launches(*[row(26, 26, 28)] * 20, waiting)
    assert [it.y0 for it in shapes(chart, "line") if it.line.dash == "dot"] == [0]
    assert any("late</b>, failed Thu" in it.text for it in chart.figure.layout.annotations)
