"""The parts of every chart: its canvas, ticks and words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import plotly.graph_objects as go
import polars as pl
import polars.selectors as cs
from plotly.basedatatypes import BaseFigure

from velocity import formats, theme
from velocity.charts.words import Part, safe

#: The keys of a figure whose numbers are px.
_PX = frozenset({"height", "l", "r", "t", "b", "size", "width", "xshift", "yshift", "ticklen"})
#: Above a chart as a picture, px, for its title and one line below it, and around them.
_TITLE_ROOM, _TITLE_EDGE, _LONGEST_TITLE = 64, 14, 110
#: The keys of words, and the colour of a mark among them; in names, every < is escaped.
_WORDS, _INK = frozenset({"text", "ticktext"}), re.compile(r'(<[^<>]* style="color:)(#\w{6})')
DAY_MS = 86_400_000
MOST_TICKS = 4
_DAYS_FROM = 48
_HOUR_STEPS = (1 / 12, 1 / 6, 0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 72, 120, 240, 480, 960)


@dataclass(frozen=True)
class Chart:
    """A drawn figure and the words that belong to it."""

    spec: Part  # the figure as plotly.js expects it: "data" and "layout"
    alt: str  # one sentence that describes the picture
    note: str = ""  # what the picture leaves out or combines; "" if nothing
    zoom: bool = False  # whether it can be panned and zoomed
    missing: str = ""  # words to show instead of the figure when there is nothing to draw

    def enlarged(self, by: float) -> Chart:
        """The same picture with everything in px `by` times as large: for a projector."""

        def larger(key: str, it: Any) -> Any:
            return it * by if key in _PX and isinstance(it, int | float) else it

        spec: Part = _mapped(self.spec, larger)
        font = {"font": {"size": theme.FONT_SIZE * by}}
        fonts = {**font, "hoverlabel": font}
        return replace(self, spec={**spec, "layout": fonts | spec["layout"]})

    def as_picture(self, *, title: str, about: str) -> Chart:
        """The chart to pass on: below its title and `about`, plain text on its days."""
        layout = self.spec["layout"]
        margin, height = layout["margin"], layout["height"] + _TITLE_ROOM
        small, about = f"font-size:{theme.SMALL_FONT_SIZE}px", safe(about, _LONGEST_TITLE)
        text = f'<b>{safe(title, _LONGEST_TITLE)}</b><br><span style="{small}">{about}</span>'
        place = {"xanchor": "left", "yanchor": "top", "pad": {"l": _TITLE_EDGE}}
        font = {"size": 15, "color": theme.LIGHT.text}
        above = {
            "height": height,
            "margin": margin | {"t": margin["t"] + _TITLE_ROOM},
            "paper_bgcolor": theme.LIGHT.bg,
            "title": {"text": text, "font": font, **place, "x": 0, "y": 1 - _TITLE_EDGE / height},
        }
        return replace(self, spec={**self.spec, "layout": layout | above}, zoom=False)

    def in_mode(self, mode: theme.Mode) -> Chart:
        """The same picture, which is drawn in light colours, in those of a page."""
        if mode == "light":
            return self
        inks = theme.dark_of_light()

        def dark(key: str, it: Any) -> Any:
            if key in _WORDS and isinstance(it, str):
                return _INK.sub(lambda found: found[1] + inks.get(found[2], found[2]), it)
            return inks.get(it, it) if key.endswith("color") else it

        spec: Part = _mapped(self.spec, dark)
        layout = spec["layout"] | {"template": theme.template(mode)}
        return replace(self, spec={**spec, "layout": layout})

    @cached_property
    def figure(self) -> go.Figure:
        """The figure with every part validated by Plotly, which is slow: for tests."""
        return go.Figure(self.spec)

    @property
    def unchecked(self) -> BaseFigure:
        """The figure to send to a browser. Tests validate the parts."""
        return _Unchecked(self.spec)


def _mapped(part: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """A part of a figure with each of its values changed, given the key that it is below."""
    if isinstance(part, dict):
        # The template is shared by all figures.
        return {
            name: it if name == "template" else _mapped(it, change, name)
            for name, it in part.items()
        }
    if isinstance(part, list | tuple):
        return [_mapped(it, change, key) for it in part]
    return change(key, part)


class _Unchecked(BaseFigure):  # type: ignore[misc] # Plotly ships no types
    """A figure without objects for its parts."""

    def __init__(self, spec: Part) -> None:
        # The base class would build and check an object for each part.
        self._spec = spec

    def to_dict(self) -> Part:
        """The whole figure."""
        return self._spec


@dataclass(frozen=True)
class Canvas:
    """The canvas of a chart."""

    title: str  # of the figures
    height: int  # px
    margin: tuple[int, int, int, int] = (12, 12, 10, 10)  # left, right, top, bottom, px

    def px(self, pixels: float, high: float) -> float:
        """The length on a value axis from 0 to `high` that is `pixels` tall."""
        return pixels * high / (self.height - self.margin[2] - self.margin[3])

    def chart(
        self, data: Iterable[Part], layout: Part, alt: str, *, note: str = "", zoom: bool = False
    ) -> Chart:
        """The chart of some traces; `alt` continues after the title."""
        frame = {
            "template": theme.template("light"),
            "height": self.height,
            "margin": dict(zip("lrtb", self.margin, strict=True)),
        }
        return Chart({"data": [*data], "layout": frame | layout}, f"{self.title}{alt}", note, zoom)

    def blank(self, words: str = "No data in this window") -> Chart:
        """Words instead of a figure, at the same height so that the page does not jump."""
        spec = self.chart([], {}, "").spec
        return Chart(spec, f"{self.title}: {formats.mid_sentence(words)}.", missing=words)


def ticks(low: float, high: float, unit: str, *, most: int = MOST_TICKS) -> list[float]:
    """At most `most` round values between `low` and `high`; none for an empty range."""
    if unit == "share":
        high = min(high, 1.0)
    if not high > low:
        return []
    for step in _steps(unit, (high - low) / (most + 1)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [round(place * step, 10) for place in range(first, last + 1)]
    return []


def _steps(unit: str, smallest: float) -> Iterable[float]:
    if unit == "hours":
        yield from (step for step in _HOUR_STEPS if step >= smallest)
    power = 10.0 ** math.floor(math.log10(smallest))
    least = {"count": 1.0, "share": 0.01}.get(unit, 0.0)
    for scale in (power, power * 10, power * 100):
        for part in (1, 2, 2.5, 5):
            if part * scale >= least and (unit != "count" or (part * scale).is_integer()):
                yield part * scale


def value_axis(
    low: float, high: float, unit: str, *, most: int = MOST_TICKS, at: Sequence[float] | None = None
) -> Part:
    """An axis of values: its range, and ticks in words at round values, or at the values `at`."""

    def words(value: float) -> str:
        if not value:
            return "0"
        # "4.5 h", because "4 h 30 m" would not fit beside the axis.
        compact = unit == "hours" and value >= 1 and value % (1 if value < _DAYS_FROM else 24)
        return f"{value:g}{formats.NBSP}h" if compact else formats.figure(value, unit)

    values = ticks(low, high, unit, most=most) if at is None else [*at]
    return {"range": [low, high], "tickvals": values, "ticktext": [*map(words, values)]}


def padded(values: Iterable[float | None], *, by: float = 0.18) -> tuple[float, float]:
    """The range of `values` widened by the fraction `by`, never below zero, never empty."""
    known = [value for value in values if value is not None]
    if not known:
        return (0.0, 1.0)
    low, high = min(known), max(known)
    # A constant series differs only by rounding.
    varies = high - low > 1e-9 * abs(high)
    room = (high - low) * by if varies else abs(high) * by or 1.0
    return (max(low - room, 0.0), high + room)


def day_ticks(*days: date, today: date | None = None) -> Part:
    """Ticks at these days only; beside `today`, days of other years have their year."""
    shown = sorted(set(days))
    texts = [formats.day_ahead(it, today or it) for it in shown]
    return {"tickvals": [iso(it) for it in shown], "ticktext": texts}


def iso(moment: date) -> str:
    """A local day or naive local time as Plotly reads it."""
    return moment.isoformat()


def local(frame: pl.DataFrame, zone: str) -> pl.DataFrame:
    """`frame` with its aware times as naive times of `zone`.

    Plotly shows aware times in the browser's zone, and naive times unchanged.
    """
    aware = cs.datetime(time_zone="*")
    return frame.with_columns(aware.dt.convert_time_zone(zone).dt.replace_time_zone(None))


def hidden(low: float, high: float) -> Part:
    """An axis that does not show."""
    return {"visible": False, "range": [low, high]}


def row_axis(rows: int) -> Part:
    """The hidden axis of rows from the top down."""
    return hidden(rows - 0.5, -0.5)
