"""Strips, burn-down and stacked compute, checked as data."""

import itertools
from datetime import date, timedelta

import polars as pl

from tests.chart_frames import FIRST_WEEK, HOSTILE, compared, days, gpu_weeks
from velocity.charts.balances import draw_balances
from velocity.charts.compute import draw_compute
from velocity.charts.strips import draw_strips
from velocity.theme import LIGHT


def strips(frame, who="you"):
    return draw_strips(frame, title="You and the cohort", who=who)


def test_the_others_median_is_the_middle_and_the_dot_is_the_value():
    box, tick, dot = strips(compared(value=5.0)).figure.data
    assert box.base[0] < 0 < box.base[0] + box.x[0]
    assert list(tick.x) == [0]
    assert dot.x[0] > box.base[0] + box.x[0]
    assert dot.marker.color == LIGHT.accent
    low, high = strips(compared(value=500.0)).figure.layout.xaxis.range
    assert low < strips(compared(value=500.0)).figure.data[2].x[0] < high


def test_fewer_than_eight_others_show_no_band_and_no_place():
    chart = strips(compared(others=None))
    assert not chart.figure.data
    assert "fewer than 8 others" in chart.alt
    assert "<b>5\u00a0h</b>" in [note.text for note in chart.figure.layout.annotations]
    assert strips(compared(others=8)).figure.data


def test_a_value_that_is_not_known_has_no_dot():
    chart = strips(compared(value=None))
    assert len(chart.figure.data) == 2
    assert "<b>not known</b>" in [note.text for note in chart.figure.layout.annotations]


def test_equal_others_have_a_place_too():
    alike = compared(value=3.0).with_columns(p25=3.0, p75=3.0)
    assert list(strips(alike).figure.data[2].x) == [0]


def test_nothing_to_compare_is_blank():
    assert strips(compared().clear()).alt == "You and the cohort: no data in this window."


def balances(values, end=None, *, granted=None, seen=None):
    frame = days(values, "balance").with_columns(
        group_id=pl.lit("aurora"), granted=pl.Series(granted or [0.0] * len(values))
    )
    ends = pl.DataFrame(
        [{"group_id": "aurora", "name": "Aurora", "runs_out_on": end, "seen_before": seen,
          "burn_per_day": 12.0}],
        schema_overrides={"runs_out_on": pl.Date, "seen_before": pl.Date},
    )  # fmt: skip
    today = FIRST_WEEK + timedelta(days=max(0, len(values) - 1))
    return draw_balances(frame, ends, today=today, title="Balances")


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
    symbols = [it.marker.symbol for it in chart.figure.data if it.mode == "markers"]
    assert {"triangle-up", "line-ns"} <= set(symbols)
    grant = next(it for it in chart.figure.data if it.marker.symbol == "triangle-up")
    assert list(grant.x) == ["2026-09-01"]


def test_without_spending_or_credits_left_there_is_no_forecast():
    assert balances([300.0, 300.0]).alt.endswith("Aurora 300 left, no end at this pace.")
    assert balances([300.0, -50.0], date(2026, 8, 31)).alt.endswith("left, used up.")


def test_streams_without_grants_are_blank():
    assert balances([]).missing == "No stream has a grant"


def compute(frame, streams=("Aurora", "Basalt")):
    return draw_compute(frame, streams=streams, title="GPU-hours")


def test_streams_keep_the_colour_of_their_roster_position():
    frame = gpu_weeks((0, "Basalt", 10), (1, "Basalt", 20), (1, None, 5))
    basalt, none = compute(frame).figure.data
    assert basalt.marker.color == LIGHT.streams[1]
    assert none.marker.color == LIGHT.killed


def test_a_week_without_hours_is_a_bar_of_zero():
    frame = gpu_weeks((0, "Aurora", 10), (1, "Basalt", 20))
    aurora, basalt = compute(frame).figure.data
    assert list(aurora.y) == [10, 0]
    assert list(basalt.y) == [0, 20]


def test_a_seventh_stream_takes_the_neutral_colour():
    names = [f"s{at}" for at in range(8)]
    frame = gpu_weeks(*[(0, name, 1) for name in names])
    colours = [trace.marker.color for trace in compute(frame, names).figure.data]
    assert colours == [*LIGHT.streams, LIGHT.faint, LIGHT.faint]


def test_names_at_the_end_do_not_overlap():
    names = [f"s{at}" for at in range(6)]
    frame = gpu_weeks(*[(0, name, 100 if name == "s0" else 0.1) for name in names])
    chart = compute(frame, names)
    places = [note.y for note in chart.figure.layout.annotations]
    pixel = chart.figure.layout.yaxis.range[1] / 222
    assert all(b - a > 13 * pixel for a, b in itertools.pairwise(places))


def test_stream_names_are_text():
    chart = compute(gpu_weeks((0, HOSTILE, 1)), (HOSTILE,))
    assert "<script" not in str(chart.figure.to_dict())


def test_empty_compute_is_blank():
    assert compute(gpu_weeks()).alt == "GPU-hours: no data in this window."
