"""Events of the roster on charts of weeks, and in words."""

from datetime import date, timedelta

import polars as pl

from tests.chart_frames import FIRST_WEEK, HOSTILE, weeks
from velocity.charts.panels import draw_panels
from velocity.charts.tile_trend import Line, Weeks, draw_tile
from velocity.charts.weeks import Event
from velocity.sentences.weeks import caption, events
from velocity.theme import LIGHT

WEEK = timedelta(weeks=1)


def event(text: str, week: int = 0, day: int = 0) -> Event:
    monday = FIRST_WEEK + week * WEEK
    return Event(monday, monday + timedelta(days=day), text)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def triangles(chart):
    return [it for it in chart.figure.layout.annotations if it.text == "▲"]


def tile(values, *, phase=None, earlier=None, found=()):
    starts = tuple(FIRST_WEEK + WEEK * at for at in range(len(values)))
    frame = pl.DataFrame({"week_start": starts, "a": values, "b": values})
    upper = Line("a", "above", "count", usual=(1, 9), earlier=earlier)
    lower = Line("b", "below", "count")
    shown = Weeks(starts, False, (starts[-1], starts[-1]), phase=phase, events=tuple(found))
    return draw_tile(frame, upper=upper, lower=lower, weeks=shown, title="Tile")


def test_an_event_is_a_triangle_under_its_week_and_its_hover_says_what():
    found = [event("Cluster down", 1, 2), event(HOSTILE, 1), event("before the chart", -3)]
    chart = tile([3, 4, 5], found=found)
    (mark,) = triangles(chart)
    assert (mark.x, mark.y, mark.yref, mark.yanchor) == (1, 0, "y domain", "top")
    assert mark.font.color == LIGHT.accent
    assert "9 Sep: Cluster down" in plain(mark.hovertext)
    assert "<script" not in mark.hovertext
    plain_tile = tile([3, 4, 5])
    assert not triangles(plain_tile)
    # The labels below move down, and the picture is as much higher.
    room = chart.figure.layout.xaxis.ticklabelstandoff
    assert room > plain_tile.figure.layout.xaxis.ticklabelstandoff == 0
    assert chart.figure.layout.height == plain_tile.figure.layout.height + room


def test_a_new_phase_breaks_the_line_and_the_band_of_a_tile():
    chart = tile([3.0, 4.0, 6.0, 7.0], phase=FIRST_WEEK + 2 * WEEK, earlier=3.5)
    drawn = [it for it in chart.figure.data if it.yaxis == "y2"]
    band = next(it for it in drawn if it.fill == "toself")
    assert list(band.x) == [1.5, 3.5, 3.5, 1.5]
    assert [list(it.x) for it in drawn if it.mode == "lines+markers"] == [[0, 1], [2, 3]]
    (mean,) = [it for it in drawn if it.line.dash == "dot"]
    assert (list(mean.x), list(mean.y)) == ([-0.5, 1.5], [3.5, 3.5])


def test_a_new_phase_breaks_the_line_and_the_band_of_a_panel():
    frame = weeks([3.0, 4.0, 6.0, 7.0], limits=(1, 9), phases=(2,))
    frame = frame.with_columns(group_id=pl.lit("ember"))
    chart = panels(frame, "ember", ember=[event("Began", 2)], dune=[event("elsewhere", 1)])
    lines = [it for it in chart.figure.data if it.mode == "lines"]
    assert [len(it.x) for it in lines] == [2, 2]
    (band,) = chart.figure.layout.shapes
    assert band.x0 == (FIRST_WEEK + 2 * WEEK - timedelta(days=3)).isoformat()
    (mark,) = triangles(chart)
    assert (mark.x, mark.yref) == ((FIRST_WEEK + 2 * WEEK).isoformat(), "y domain")


def test_a_panel_without_values_keeps_its_events():
    frame = weeks([3.0, 4.0, 6.0, 7.0]).with_columns(group_id=pl.lit("ember"))
    chart = panels(frame, "ember", "dune", dune=[event("Cluster down", 1)])
    (mark,) = triangles(chart)
    assert (mark.x, mark.yref) == ((FIRST_WEEK + WEEK).isoformat(), "y2 domain")


def panels(frame, *groups, **found):
    named = {it: it.capitalize() for it in groups}
    return draw_panels(frame, groups=named, unit="count", title="Weeks", events=found)


def rows(*told):
    columns = ["week_start", "day", "text", "about"]
    found = [(it.week, it.day, it.text, about) for about, it in told]
    return pl.DataFrame(found, columns, orient="row")


def test_events_are_said_in_words_and_a_holiday_once_a_week():
    found = events(
        rows(
            ("programme", event("Cluster down")),
            ("grant", event("Ember", 1)),
            ("holiday", event("Break", 1, 3)),
            ("holiday", event("Break", 1, 4)),
            ("holiday", event("Break", 2, 0)),
            ("move", event("Dune", 2, 2)),
        )
    )
    assert [it.text for it in found] == [
        *("Cluster down", "credits granted to Ember", "holiday, Break", "holiday, Break"),
        "moved to Dune",
    ]
    assert found[2].day == date(2026, 9, 10)


def test_the_caption_names_whom_an_event_concerns_unless_it_concerns_everyone():
    everyone = event("Cluster down", 1)
    found = {"Ember": [everyone, event("Deadline", 2)], "Dune": [everyone, event("old", -1)]}
    shown = [FIRST_WEEK + WEEK * at for at in range(4)]
    assert plain(caption(found, shown)) == "▲ 7 Sep: Cluster down · ▲ 14 Sep: Ember, Deadline"
    assert caption({}, shown) == ""
    # Other people's text stays text.
    said = caption({"Ember": [event(HOSTILE)]}, shown)
    assert "<script>" not in said.replace("\\<", "")
    assert caption({"Ember": []}, shown) == ""


def test_of_many_events_the_latest_are_shown():
    found = {"Ember": [event(f"event {at}", at) for at in range(7)]}
    said = plain(caption(found, [FIRST_WEEK + WEEK * at for at in range(7)]))
    assert said.startswith("▲ 3 earlier events · ▲ 21 Sep: event 3")
    assert said.endswith("event 6")
