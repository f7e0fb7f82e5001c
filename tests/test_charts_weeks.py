"""Trends, checked as data."""

import polars as pl
import pytest

from tests.chart_frames import weeks
from velocity.charts.weeks import draw_trend
from velocity.theme import LIGHT


def trend(frame, **more):
    return draw_trend(frame, title="Reaction", unit="hours", **more)


def test_a_trend_has_its_usual_range_behind_it():
    assert not trend(weeks([4.0, 5.0])).figure.layout.shapes
    chart = trend(weeks([4.0, 5.0, 4.5], centre=4.5, limits=(3.0, 6.0)))
    band, centre = chart.figure.layout.shapes
    assert (band.y0, band.y1, band.fillcolor, band.layer) == (3.0, 6.0, LIGHT.band, "below")
    assert band.xref == "x domain"
    assert (centre.y0, centre.line.dash) == (4.5, "dot")
    low, high = chart.figure.layout.yaxis.range
    assert low < 3.0
    assert high > 6.0


def test_the_latest_shift_is_a_filled_diamond_and_earlier_ones_are_hollow():
    chart = trend(weeks([4.0, 9.0, 4.0, 9.0], centre=4.5, limits=(3, 6), shift={1, 3}))
    hollow, filled = [it for it in chart.figure.data if it.marker.symbol == "diamond"]
    assert (list(hollow.y), hollow.marker.color) == ([9.0], LIGHT.bg)
    assert hollow.marker.line.color == LIGHT.accent
    assert (list(filled.x), filled.marker.color) == (["2026-09-21"], LIGHT.accent)
    for words in (chart.alt, chart.figure.data[0].customdata[3]):
        assert "beyond its usual range" in words


def test_the_running_week_is_an_open_dot_and_not_the_latest_value():
    chart = trend(weeks([4.0, 5.0, 1.0], centre=4.5, limits=(3, 6), running=2))
    line, running = chart.figure.data
    assert list(line.marker.size) == [4, 7, 0]
    assert (list(running.y), running.marker.color) == ([1.0], LIGHT.bg)
    assert chart.alt == (
        "Reaction, 3 weeks from week of 31\u00a0Aug: 5\u00a0h in the week of 7\u00a0Sep "
        "(n\u00a0=\u00a010), within its usual range of 3\u00a0h to 6\u00a0h."
    )


def test_a_week_without_a_value_breaks_the_line_and_a_lone_week_is_a_dot():
    frame = weeks([4.0, None, 5.0, None, 4.5, 4.6]).filter(pl.col("value").is_not_null())
    line = trend(frame).figure.data[0]
    assert list(line.y) == [4.0, None, 5.0, None, 4.5, 4.6]
    assert line.connectgaps is False


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (weeks([]), "Reaction: no data in this window."),
        (weeks([None, None]), "Reaction: no data in this window."),
        (weeks([4.0], running=0), "so far."),
    ],
)
def test_without_a_whole_week_words_say_so(frame, words):
    assert trend(frame).alt.endswith(words)


def test_axes_name_the_first_and_the_last_week_only():
    axis = trend(weeks([4.0] * 12)).figure.layout.xaxis
    assert list(axis.ticktext) == ["31\u00a0Aug", "16\u00a0Nov"]
