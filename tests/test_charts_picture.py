"""A chart as a picture: in light colours, with its title and days above it."""

from __future__ import annotations

import json

import pytest

from tests.chart_frames import weeks
from velocity.charts.weeks import draw_trend
from velocity.theme import DARK, LIGHT, light_of_dark, template


def drawn(mode):
    return draw_trend(weeks([4.0, 5.0, 6.0]), mode=mode, title="Concluded", unit="count")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_picture_is_light_whatever_the_page(mode):
    picture = drawn(mode).as_picture(title="Concluded", about="5 to 25 Jan 2026")
    assert picture.spec["layout"]["template"] is template("light")
    assert picture.spec["data"] == drawn("light").spec["data"]
    told = json.dumps(picture.spec["data"]) + json.dumps(picture.figure.layout.to_plotly_json())
    assert not [it for it in light_of_dark() if it in told and it not in light_of_dark().values()]
    assert picture.spec["layout"]["paper_bgcolor"] == LIGHT.bg != DARK.bg


def test_its_title_is_literal_and_stands_in_room_of_its_own():
    chart = drawn("light")
    picture = chart.as_picture(title="<b>a</b> & b", about="5 Jan <i>2026</i>")
    text = picture.figure.layout.title.text
    assert "&lt;b&gt;a&lt;/b&gt; &amp; b" in text
    assert "<i>" not in text
    heights = [it.spec["layout"]["height"] for it in (chart, picture)]
    tops = [it.spec["layout"]["margin"]["t"] for it in (chart, picture)]
    assert heights[1] - heights[0] == tops[1] - tops[0] > 0
    # The page's own chart stays as it is.
    assert "title" not in drawn("light").spec["layout"]
