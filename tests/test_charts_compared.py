"""Strips, burn-down and stacked compute, checked as data."""

import itertools
from datetime import date, timedelta

from tests.chart_frames import FIRST_WEEK, HOSTILE, compared, gpu_weeks, texts, traces
from tests.sentence_frames import end, ends, frame
from velocity.charts.balances import draw_balances
from velocity.charts.compute import draw_compute
from velocity.charts.strips import draw_strips
from velocity.theme import LIGHT


def strips(frame):
    return draw_strips(frame, title="You and the cohort", who="you")


def test_the_others_median_is_the_middle_and_the_dot_is_the_value():
    box, tick, dot = strips(compared(value=5.0)).figure.data
    assert box.base[0] < 0 < box.base[0] + box.x[0]
    assert list(tick.x) == [0]
    assert dot.x[0] > box.base[0] + box.x[0]
    assert dot.marker.color == LIGHT.accent
    far = strips(compared(value=500.0)).figure
    low, high = far.layout.xaxis.range
    assert low < far.data[2].x[0] < high


def test_fewer_than_eight_others_show_no_band_and_no_place():
    chart = strips(compared(others=None))
    assert not chart.figure.data
    assert "fewer than 8 others" in chart.alt
    assert "<b>5 h</b>" in texts(chart)
    assert strips(compared(others=8)).figure.data


def test_a_value_that_is_not_known_has_no_dot_and_one_among_equals_is_in_the_middle():
    unknown = strips(compared(value=None))
    assert len(unknown.figure.data) == 2
    assert "<b>not known</b>" in texts(unknown)
    alike = compared(value=3.0).with_columns(p25=3.0, p75=3.0)
    assert list(strips(alike).figure.data[2].x) == [0]


def balances(values, end_on=None, *, granted=(), seen=None):
    last = max(0, len(values) - 1)
    rows = [
        {"group_id": "aurora", "day": FIRST_WEEK + timedelta(days=at), "balance": value}
        | {"granted": granted[at] if granted else 0.0}
        for at, value in enumerate(values)
    ]
    aurora = end("Aurora", None, runs_out_on=end_on, seen_before=seen)
    today = FIRST_WEEK + timedelta(days=last)
    drawing = {"today": today, "title": "Balances"}
    return draw_balances(frame("balance", rows), ends(aurora), **drawing)


def test_a_balance_falls_in_steps_and_its_forecast_is_dotted():
    end = FIRST_WEEK + timedelta(days=20)
    ground, steps, forecast, hollow, now = balances([300.0, 200.0, 100.0], end).figure.data
    assert ground.fill == "toself"
    assert steps.line.shape == "hv"
    # The axis points down: the largest balance is the highest, and 0 is the foot of the row.
    assert list(steps.y) == sorted(steps.y)
    assert forecast.line.dash == "dot"
    assert list(forecast.x) == ["2026-09-02", "2026-09-20"]
    assert (list(hollow.x), hollow.marker.color) == (["2026-09-20"], LIGHT.bg)
    assert list(now.x) == ["2026-09-02"]


def test_grants_and_the_forecast_of_a_week_before_are_marked():
    end, seen = FIRST_WEEK + timedelta(days=20), FIRST_WEEK + timedelta(days=25)
    chart = balances([300.0, 400.0], end, granted=[0.0, 150.0], seen=seen)
    marks = {it.marker.symbol: list(it.x) for it in traces(chart, mode="markers")}
    assert "line-ns" in marks
    assert marks["triangle-up"] == ["2026-09-01"]


def test_without_spending_or_credits_left_there_is_no_forecast():
    assert balances([300.0, 300.0]).alt.endswith("Aurora 300 left, no end at this pace.")
    assert balances([300.0, -50.0], date(2026, 8, 31)).alt.endswith("left, used up.")


def compute(frame, streams=("Aurora", "Basalt")):
    return draw_compute(frame, streams=streams, title="GPU-hours")


def colours(frame, *streams):
    return [trace.marker.color for trace in compute(frame, *streams).figure.data]


def test_streams_keep_the_colour_of_their_roster_position_and_a_seventh_is_neutral():
    frame = gpu_weeks((0, "Basalt", 10), (1, "Basalt", 20), (1, None, 5))
    assert colours(frame) == [LIGHT.streams[1], LIGHT.killed]
    names = [f"s{at}" for at in range(8)]
    many = gpu_weeks(*[(0, name, 1) for name in names])
    assert colours(many, names) == [*LIGHT.streams, LIGHT.faint, LIGHT.faint]


def test_a_week_without_hours_is_a_bar_of_zero():
    aurora, basalt = compute(gpu_weeks((0, "Aurora", 10), (1, "Basalt", 20))).figure.data
    assert (list(aurora.y), list(basalt.y)) == ([10, 0], [0, 20])


def test_names_at_the_end_do_not_overlap():
    names = [f"s{at}" for at in range(6)]
    frame = gpu_weeks(*[(0, name, 100 if name == "s0" else 0.1) for name in names])
    chart = compute(frame, names)
    places = [note.y for note in chart.figure.layout.annotations]
    pixel = chart.figure.layout.yaxis.range[1] / 222
    assert all(b - a > 13 * pixel for a, b in itertools.pairwise(places))


def test_without_data_charts_are_blank_and_names_are_text():
    assert strips(compared().clear()).alt == "You and the cohort: no data in this window."
    assert balances([]).missing == "No stream has a grant"
    assert compute(gpu_weeks()).alt == "GPU-hours: no data in this window."
    named = compute(gpu_weeks((0, HOSTILE, 1)), (HOSTILE,))
    assert "<script" not in str(named.figure.to_dict())
