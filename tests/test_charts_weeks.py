"""Tiles, trends and small multiples, checked as data."""

import polars as pl
import pytest

from tests.chart_frames import HOSTILE, weeks
from velocity.charts.multiples import Measure, draw_multiples
from velocity.charts.trends import draw_trend
from velocity.theme import LIGHT

REACTION = Measure("reaction_hours_median", "Reaction, median", "hours")
SERIAL = Measure("serial_share", "Serial share", "share")


def trend(frame, **more):
    return draw_trend(frame, mode="light", title="Reaction", unit="hours", **more)


def marks(chart, symbol):
    return [t for t in chart.figure.data if t.marker.symbol == symbol]


def test_a_trend_has_its_usual_range_behind_it():
    chart = trend(weeks([4.0, 5.0, 4.5], centre=4.5, limits=(3.0, 6.0)))
    band, centre = chart.figure.layout.shapes
    assert (band.y0, band.y1, band.fillcolor, band.layer) == (3.0, 6.0, LIGHT.band, "below")
    assert band.xref == "x domain"
    assert (centre.y0, centre.line.dash) == (4.5, "dot")
    low, high = chart.figure.layout.yaxis.range
    assert low < 3.0
    assert high > 6.0


def test_without_limits_there_is_no_band():
    assert not trend(weeks([4.0, 5.0])).figure.layout.shapes


def test_the_latest_shift_is_a_filled_diamond_and_earlier_ones_are_hollow():
    chart = trend(weeks([4.0, 9.0, 4.0, 9.0], centre=4.5, limits=(3, 6), shift={1, 3}))
    hollow, filled = marks(chart, "diamond")
    assert (list(hollow.y), hollow.marker.color) == ([9.0], LIGHT.bg)
    assert hollow.marker.line.color == LIGHT.accent
    assert (list(filled.x), filled.marker.color) == (["2026-09-21"], LIGHT.accent)


def test_the_running_week_is_an_open_dot_and_not_the_latest_value():
    chart = trend(weeks([4.0, 5.0, 1.0], centre=4.5, limits=(3, 6), running=2))
    line, running = chart.figure.data
    assert list(line.marker.size) == [4, 7, 0]
    assert (list(running.y), running.marker.color) == ([1.0], LIGHT.bg)
    assert chart.alt == (
        "Reaction, 3 weeks from week of 31\u00a0Aug: 5\u00a0h in the week of 7\u00a0Sep "
        "(n\u00a0=\u00a010), within its usual range of 3\u00a0h to 6\u00a0h."
    )


def test_a_shift_is_described_in_words():
    chart = trend(weeks([4.0, 9.0], centre=4.5, limits=(3, 6), shift={1}))
    assert "beyond its usual range" in chart.alt
    assert "beyond its usual range" in chart.figure.data[0].customdata[1]


def test_a_week_without_a_value_breaks_the_line_and_a_lone_week_is_a_dot():
    frame = weeks([4.0, None, 5.0, None, 4.5, 4.6]).filter(pl.col("value").is_not_null())
    line = trend(frame).figure.data[0]
    assert list(line.y) == [4.0, None, 5.0, None, 4.5, 4.6]
    assert line.connectgaps is False
    chart = draw_multiples(
        frame.with_columns(group_id=pl.lit("Basalt"), measure=pl.lit(REACTION.id)),
        measures=[REACTION],
        groups={"Basalt": "Basalt"},
        along="row",
        mode="light",
        title="Streams",
    )
    assert list(chart.figure.data[0].marker.size) == [4, 0, 4, 0, 0, 5]


@pytest.mark.parametrize("frame", [weeks([]), weeks([None, None])])
def test_an_empty_trend_is_blank(frame):
    assert trend(frame).alt == "Reaction: no data in this window."


def test_a_single_running_week_is_called_so_far():
    assert trend(weeks([4.0], running=0)).alt.endswith("so far.")


def test_axes_name_the_first_and_the_last_week_only():
    axis = trend(weeks([4.0] * 12)).figure.layout.xaxis
    assert list(axis.ticktext) == ["31\u00a0Aug", "16\u00a0Nov"]


def multiples(frame, groups, along="row", **more):
    return draw_multiples(
        frame,
        measures=[REACTION, SERIAL],
        groups={it: it for it in groups},
        along=along,
        mode="light",
        title="Streams",
        **more,
    )


def panels():
    return pl.concat(
        [
            weeks([4.0, 9.0], centre=4.5, limits=(3, 6), shift={1}).with_columns(
                group_id=pl.lit("Basalt"), measure=pl.lit(REACTION.id)
            ),
            weeks([2.0, 2.5]).with_columns(group_id=pl.lit("Dune"), measure=pl.lit(REACTION.id)),
            weeks([0.6, 0.7]).with_columns(group_id=pl.lit("Basalt"), measure=pl.lit(SERIAL.id)),
        ]
    )


def axes_of(chart):
    """The value axis of each panel's line, in the order drawn."""
    return [trace.yaxis for trace in chart.figure.data if trace.mode == "lines+markers"]


def test_panels_share_one_scale_along_a_measure():
    chart = multiples(panels(), ["Basalt", "Dune"])
    assert axes_of(chart) == ["y", "y", "y2"]
    assert chart.figure.layout.yaxis.range != chart.figure.layout.yaxis2.range
    assert chart.figure.layout.height == 58 + 2 * 90


def test_measures_can_be_columns():
    chart = multiples(panels(), ["Basalt", "Dune"], along="column")
    layout = chart.figure.layout
    # Panels in reading order: Basalt reaction, Basalt serial, Dune reaction, Dune serial.
    assert axes_of(chart) == ["y", "y3", "y2"]
    assert layout.yaxis.range == layout.yaxis3.range
    assert layout.yaxis.range != layout.yaxis2.range
    assert layout.yaxis.domain == layout.yaxis2.domain
    assert [trace.xaxis for trace in chart.figure.data if trace.yaxis == "y3"] == ["x"]


def test_a_panel_without_values_says_so():
    chart = multiples(panels(), ["Basalt", "Dune"])
    assert "no value" in [note.text for note in chart.figure.layout.annotations]


def test_a_shift_in_a_panel_is_marked_and_in_the_alternative_text():
    chart = multiples(panels(), ["Basalt", "Dune"])
    assert chart.alt.endswith("beyond their usual range: Basalt, reaction, median 9\u00a0h.")
    assert "<b>9\u00a0h</b>" in [note.text for note in chart.figure.layout.annotations]
    assert multiples(panels(), ["Dune"]).alt.endswith("no shift.")


def test_hostile_names_of_streams_are_text():
    frame = panels().with_columns(group_id=pl.lit(HOSTILE))
    chart = multiples(frame, [HOSTILE], along="column", notes={HOSTILE: "<i>n</i>"})
    texts = [note.text for note in chart.figure.layout.annotations]
    assert not any("<script" in text or "<i>" in text for text in texts)


def test_no_streams_are_blank():
    assert multiples(panels(), []).alt.endswith("window.")
