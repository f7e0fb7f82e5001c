"""A chart in the colours of a page, and as a picture: light, with its title and days above it."""

import json

import polars as pl

from tests.chart_frames import loops, weeks
from velocity.charts.base import Canvas
from velocity.charts.loops import draw_loops
from velocity.charts.weeks import draw_trend
from velocity.charts.words import safe, swatch, words_at
from velocity.theme import DARK, LIGHT, dark_of_light, template

#: A name that looks like a mark of ours.
NAMED = f'< style="color:{LIGHT.accent}'


def drawn():
    return draw_trend(weeks([4.0, 5.0, 6.0]), title="Concluded", unit="count")


def test_every_colour_is_that_of_the_page():
    rows = loops((2, 3, "closed"), (1, None, "open")).with_columns(url=pl.lit("https://w.example"))
    chart = draw_loops(rows, title="Loops", zone="UTC", medians=(2.0, 3.0), selected="e0")
    assert chart.in_mode("light") is chart
    dark = chart.in_mode("dark")
    assert dark.spec["layout"]["template"] is template("dark")
    own = json.dumps({**dark.spec, "layout": {**dark.spec["layout"], "template": None}})
    assert not [it for it in dark_of_light() if it in own]
    assert own.count(DARK.accent) == rows.height, "the link of each loop"


def test_a_name_keeps_what_looks_like_a_colour():
    marks = {"annotations": [words_at(swatch("■", LIGHT.accent, safe(NAMED)), x=0, y=0)]}
    dark = Canvas("Loops", 100).chart([], marks, "").in_mode("dark")
    text = dark.spec["layout"]["annotations"][0]["text"]
    assert text == swatch("■", DARK.accent, safe(NAMED))
    assert LIGHT.accent in text


def test_each_colour_has_one_of_its_own_in_the_dark():
    assert len({*dark_of_light().values()}) == len(dark_of_light())


def test_a_picture_is_light():
    picture = drawn().as_picture(title="Concluded", about="5 to 25 Jan 2026")
    assert picture.spec["layout"]["template"] is template("light")
    assert picture.spec["data"] == drawn().spec["data"]
    assert picture.spec["layout"]["paper_bgcolor"] == LIGHT.bg != DARK.bg


def test_its_title_is_literal_and_stands_in_room_of_its_own():
    chart = drawn()
    picture = chart.as_picture(title="<b>a</b> & b", about="5 Jan <i>2026</i>")
    text = picture.figure.layout.title.text
    assert "&lt;b&gt;a&lt;/b&gt; &amp; b" in text
    assert "<i>" not in text
    heights = [it.spec["layout"]["height"] for it in (chart, picture)]
    tops = [it.spec["layout"]["margin"]["t"] for it in (chart, picture)]
    assert heights[1] - heights[0] == tops[1] - tops[0] > 0
    # The page's own chart stays as it is.
    assert "title" not in drawn().spec["layout"]
