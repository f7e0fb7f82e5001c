import pytest

from velocity.charts.base import Canvas, padded, ticks, value_axis
from velocity.charts.words import safe


@pytest.mark.parametrize(
    ("low", "high", "unit", "expected"),
    [
        (0, 22, "hours", [0, 6, 12, 18]),
        (0, 6.2, "hours", [0, 2, 4, 6]),
        (0.1, 0.9, "hours", [0.25, 0.5, 0.75]),
        (165, 235, "count", [180, 200, 220]),
        (0.58, 0.76, "share", [0.6, 0.65, 0.7, 0.75]),
        (0, 66_000, "count", [0, 20_000, 40_000, 60_000]),
        (0.2, 0.9, "count", []),
        (3, 3, "count", []),
    ],
)
def test_ticks_are_round_and_few(low, high, unit, expected):
    assert ticks(low, high, unit) == pytest.approx(expected)


def test_ticks_of_shares_end_at_the_whole_and_those_of_counts_are_whole():
    assert max(ticks(0.4, 1.3, "share")) <= 1
    assert all(float(tick).is_integer() for tick in ticks(0, 3.4, "count"))


@pytest.mark.parametrize("unit", ["count", "rate", "share", "hours"])
@pytest.mark.parametrize("scale", [1e-4, 0.03, 1, 7, 450, 9e5])
def test_there_are_never_more_than_four_ticks(unit, scale):
    for low in (0, 0.3 * scale, 0.9 * scale):
        values = ticks(low, scale, unit)
        assert len(values) <= 4
        assert all(low - 1e-9 <= value <= scale + 1e-9 for value in values)


def test_tick_labels_fit_beside_the_axis():
    words = value_axis(0, 60, "hours", at=[0, 0.5, 4.5, 6, 48, 54])["ticktext"]
    shown = [word.replace("\u00a0", " ") for word in words]
    assert shown == ["0", "30 m", "4.5 h", "6 h", "2 d", "54 h"]


def test_a_range_has_a_margin_and_never_begins_below_zero():
    low, high = padded([2.0, None, 3.0])
    assert low < 2.0
    assert high > 3.0
    assert padded([0.0, 100.0])[0] == 0.0
    assert padded([5.0])[0] < 5.0 < padded([5.0])[1]
    assert padded([None]) == (0.0, 1.0)


def test_an_empty_chart_has_a_text_and_the_same_height_and_other_text_is_shown_literally():
    assert safe("<b>bold</b> & 'x'") == "&lt;b&gt;bold&lt;/b&gt; &amp; 'x'"
    assert len(safe("x" * 300)) == 40
    chart = Canvas("Reaction", 128).blank()
    assert chart.alt == "Reaction: no data in this window."
    assert not chart.figure.data
    assert (chart.figure.layout.height, chart.missing) == (128, "No data in this window")
