"""What every chart is made of: the figure's frame, ticks, words and notes."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import plotly.graph_objects as go
import polars as pl
from plotly.basedatatypes import BaseFigure

from velocity import formats
from velocity.theme import Mode, template

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

#: What a column of figures is, and so how it is written. Hours are float hours, shares 0 to 1.
Unit = Literal["count", "rate", "share", "hours"]
#: A piece of a Plotly figure as plain JSON-like data.
Part = dict[str, Any]
Margin = tuple[int, int, int, int]  # left, right, top, bottom, px

DAY_MS = 86_400_000
MOST_TICKS = 4
_DAYS_FROM = 48
_HOUR_STEPS = (1 / 12, 1 / 6, 0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 72, 120, 240, 480, 960)
_WRITERS = {
    "count": formats.count,
    "rate": formats.rate,
    "share": formats.share,
    "hours": formats.duration,
}


@dataclass(frozen=True)
class Chart:
    """A drawn figure and the words that belong to it."""

    spec: Part  # the figure as plotly.js takes it: "data" and "layout"
    alt: str  # one sentence that stands for the picture
    note: str = ""  # what the picture leaves out or lumps together; "" where nothing
    zoom: bool = False  # whether it can be panned and zoomed
    missing: str = ""  # words to show in the figure's place, where there is nothing to draw

    @cached_property
    def figure(self) -> go.Figure:
        """The figure with every part of it checked by Plotly, which takes longer than all else."""
        return go.Figure(self.spec)

    @property
    def unchecked(self) -> BaseFigure:
        """The figure for whoever only sends it on: tests have checked what we draw."""
        return _Unchecked(self.spec)


class _Unchecked(BaseFigure):  # type: ignore[misc] # Plotly ships no types
    """A figure that is nothing but what it is sent as."""

    def __init__(self, spec: Part) -> None:
        # Not the one of the base, which builds and checks an object for each part.
        self._spec = spec

    def to_dict(self) -> Part:
        """The whole figure."""
        return self._spec


def make_figure(
    data: Sequence[Part], layout: Part, *, mode: Mode, height: int, margin: Margin
) -> Part:
    """A figure of `mode`'s template, `height` px high."""
    left, right, top, bottom = margin
    frame = {
        "template": template(mode),
        "height": height,
        "margin": {"l": left, "r": right, "t": top, "b": bottom},
    }
    return {"data": list(data), "layout": frame | layout}


def blank(title: str, *, mode: Mode, height: int, words: str = "No data in this window") -> Chart:
    """A chart of nothing: words in the place of a figure of that height, so that nothing jumps."""
    figure = make_figure([], {}, mode=mode, height=height, margin=(12, 12, 10, 10))
    return Chart(figure, f"{title}: {formats.mid_sentence(words)}.", missing=words)


def safe(text: str | None, limit: int = 40) -> str:
    """Someone's text as Plotly shows it literally: one line, shortened, no pseudo-HTML."""
    return html.escape(formats.label(text, limit), quote=False)


def written(value: float | None, unit: Unit) -> str:
    """A figure of `unit` in words."""
    return _WRITERS[unit](value)


def ticks(low: float, high: float, unit: Unit, *, most: int = MOST_TICKS) -> list[float]:
    """At most `most` round values between `low` and `high`; none where they are not a range."""
    if unit == "share":
        high = min(high, 1.0)
    if not high > low:
        return []
    for step in _steps(unit, (high - low) / (most + 1)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [round(place * step, 10) for place in range(first, last + 1)]
    return []


def _steps(unit: Unit, smallest: float) -> Iterable[float]:
    if unit == "hours":
        yield from (step for step in _HOUR_STEPS if step >= smallest)
    power = 10.0 ** math.floor(math.log10(smallest))
    least = {"count": 1.0, "share": 0.01}.get(unit, 0.0)
    for scale in (power, power * 10, power * 100):
        for part in (1, 2, 2.5, 5):
            if part * scale >= least and (unit != "count" or (part * scale).is_integer()):
                yield part * scale


def value_axis(values: Sequence[float], unit: Unit) -> Part:
    """Tick positions and words of an axis of figures; a plain "0" at its foot."""
    return {"tickvals": list(values), "ticktext": [_tick(value, unit) for value in values]}


def _tick(value: float, unit: Unit) -> str:
    if not value:
        return "0"
    # "4.5 h" where "4 h 30 m" would not fit beside the axis.
    compact = unit == "hours" and value >= 1 and value % (1 if value < _DAYS_FROM else 24)
    return f"{value:g}{formats.NBSP}h" if compact else written(value, unit)


def padded(values: Iterable[float | None], *, by: float = 0.18) -> tuple[float, float]:
    """The range of `values` widened by the part `by`, never below zero, never empty."""
    known = [value for value in values if value is not None]
    if not known:
        return (0.0, 1.0)
    low, high = min(known), max(known)
    # What never varies differs by rounding alone.
    varies = high - low > 1e-9 * abs(high)
    room = (high - low) * by if varies else abs(high) * by or 1.0
    return (max(low - room, 0.0), high + room)


def edge_axis(days: Sequence[date]) -> Part:
    """Ticks at the first and the last of `days` only."""
    edges = sorted({days[0], days[-1]})
    return {"tickvals": [iso(edge) for edge in edges], "ticktext": [formats.day(e) for e in edges]}


def iso(moment: date) -> str:
    """A local day or naive local moment as Plotly reads it."""
    return moment.isoformat()


def local(frame: pl.DataFrame, columns: Iterable[str], zone: str) -> pl.DataFrame:
    """`frame` with its aware `columns` as naive times of `zone`.

    Plotly shows an aware time in the browser's zone, a naive one as it is.
    """
    return frame.with_columns(
        pl.col(column).dt.convert_time_zone(zone).dt.replace_time_zone(None) for column in columns
    )


def words_at(text: str, *, x: float | str, y: float | str, **more: Any) -> Part:
    """An annotation without arrow; figure fractions unless `xref`, `yref` say otherwise."""
    place = {"x": x, "y": y, "xref": "paper", "yref": "paper", "showarrow": False}
    # Left to itself, Plotly anchors by the third of the figure that the point lies in.
    return {"text": text, **place, "xanchor": "center", "yanchor": "middle", **more}


def key(entries: Iterable[tuple[str, str, str]], *, x: float = 0, lift: int = 6) -> Part:
    """One line above the plot that says what the marks mean.

    Args:
        entries: glyph, its colour, words.
        x: px from the plot's left edge.
        lift: px above the plot's top edge.
    """
    gap = formats.NBSP * 3
    text = gap.join(
        f'<span style="color:{colour}">{glyph}</span>{formats.NBSP}{words}'
        for glyph, colour, words in entries
    )
    return words_at(
        text, x=0, y=1, xshift=x, yshift=lift, xanchor="left", yanchor="bottom", align="left"
    )


def hover(lines: Sequence[str]) -> str:
    """Lines of a hover label; already safe text."""
    return "<br>".join(lines)


def hatch(colour: str) -> Part:
    """The hatch of what failed, in the colour of the page: visible without colour."""
    return {"shape": "/", "fillmode": "overlay", "fgcolor": colour, "size": 5, "solidity": 0.28}
