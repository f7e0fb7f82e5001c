"""Two weeks of launches with a column per day, checked as data."""

import re
from datetime import date, timedelta

import pytest

from tests.chart_frames import texts
from velocity.charts.launches import draw_launches
from velocity.theme import LIGHT

LAST = date(2026, 11, 28)
FIRST = LAST - timedelta(days=13)


def row(launched, result=None, following=None, **more):
    days = {"launched": launched, "result": result, "next": following}
    return {
        "experiment_id": f"e/p/{launched}",
        "label": "high-heath-1",
        "outcome": "success" if result else "open",
        "loop_status": "closed" if following else "abandoned" if result else "open",
        **{name: date(2026, 11, day) if day else None for name, day in days.items()},
        **more,
    }


def launches(*rows):
    return draw_launches(rows, first=FIRST, last=LAST, title="Launches")


def bars(chart):
    return [it for it in chart.figure.layout.shapes if it.type == "rect"]


def waits(chart):
    """Lines that lie along a lane."""
    return [it for it in chart.figure.layout.shapes if it.type == "line" and it.y0 == it.y1]


def test_a_loop_is_a_bar_and_a_line_in_the_columns_of_its_days():
    chart = launches(row(16, 17, 19))
    bar, wait = bars(chart)[0], waits(chart)[0]
    assert (bar.x0[:10], bar.x1[:10]) == ("2026-11-16", "2026-11-17")
    assert (wait.x0, wait.x1[:10], wait.line.dash) == (bar.x1, "2026-11-19", "solid")
    assert (bar.fillcolor, wait.line.color) == (LIGHT.machine, LIGHT.reaction)


def test_the_place_in_a_column_is_the_same_for_every_launch():
    chart = launches(row(16, 16, 16), row(18, 18, 18), row(20, 20, 20))
    for shapes in (bars(chart), waits(chart)):
        assert len({(it.x0[10:], it.x1[10:]) for it in shapes}) == 1


def test_what_waits_is_dotted_to_the_end_and_named_on_top_however_many_came_before():
    chart = launches(row(16, 17, 28), row(25, 26, loop_status="awaiting"))
    dotted = [it for it in waits(chart) if it.line.dash == "dot"]
    assert [(it.x1, it.y0) for it in dotted] == [("2026-11-29", 0)]
    assert "high-heath-1</b>, result Thu" in str(chart.figure.layout.annotations)
    waiting = row(26, 26, loop_status="awaiting", label="late", outcome="failure")
    chart = launches(*[row(26, 26, 28)] * 20, waiting)
    assert [it.y0 for it in waits(chart) if it.line.dash == "dot"] == [0]
    assert "late</b>, failed Thu" in str(chart.figure.layout.annotations)


def test_what_runs_ends_with_the_days_and_what_was_given_up_has_no_line():
    chart = launches(row(27), row(16, 17))
    assert sorted(it.x1[:10] for it in bars(chart)) == ["2026-11-17", "2026-11-29"]
    assert waits(chart) == []


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
    assert {it.y0 for it in waits(chart)} == set(range(6))
    assert chart.figure.layout.annotations[0].text.endswith("5 not drawn")
    assert chart.alt.endswith("; 5 launches not drawn.")
    assert launches(row(16, 17, 17), row(18, 18, 18)).figure.layout.height == 78


def test_launches_before_and_after_the_days_are_left_out():
    assert launches(row(10, 11, 12), row(29, 29)).missing
    assert not launches(row(10, 11, 16)).missing
    assert launches().alt == "Launches: no launch in these two weeks."


def test_no_time_of_day_is_said_and_names_are_inert():
    chart = launches(row(16, 17, 18, label="<b>x</b>"), row(25, 26, loop_status="awaiting"))
    said = [chart.alt, *texts(chart), *(it[0] for it in chart.figure.data[0].customdata)]
    assert not [it for it in said if re.search(r"\d:\d|<b>x</b>", it)]
