"""The chart of a tile: two measures over the same weeks, one above the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, padded, value_axis, words_at
from velocity.charts.events import room_below, triangles
from velocity.charts.marks import bars, dots, hover, line, marker, outline, solid
from velocity.theme import SMALL_FONT_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocity.charts.events import Event
    from velocity.theme import Mode, Tokens

_HEIGHT, _PANEL_HEIGHT, _MARGIN = 172, 124, (38, 8, 16, 24)
#: Between the panels, px.
_GAP = 24
_WEEK = timedelta(weeks=1)
#: From the middle of a week to its end, and a bit less.
_HALF, _NEARLY_HALF = 0.5, 0.42
#: Ticks nearer than this would collide, weeks.
_TICKS_APART = 2.4
_MOST_TICKS = 3
#: A share whose usual range covers more than this says nothing.
WIDEST_SHARE = 0.8
_SPACES = {"count": "count", "share": "share", "hours": "hours", "rate": "count"}

Ink = Literal["series", "failed", "serial", "parallel", "machine", "reaction"]
#: Hours of nights and days off are an outline: two greys would be too near.
OFF: Literal["off"] = "off"


@dataclass(frozen=True)
class Line:
    """A measure as a line over weeks, with its value over the window and its usual range.

    Args:
        column: of the frame.
        title: above the panel.
        unit: of the measure; see `formats.figure`.
        value: over the window; None if it is not known, or has no weeks of its own.
        usual: the usual range; None if it is not known.
        earlier: the mean of the weeks before the current phase; None without such weeks.
        ink: colour of the line.
        log: whether the axis is logarithmic.
    """

    column: str
    title: str
    unit: str
    value: float | None = None
    usual: tuple[float, float] | None = None
    earlier: float | None = None
    ink: Ink = "series"
    log: bool = False

    @property
    def shown_usual(self) -> tuple[float, float] | None:
        """The usual range, if it is narrow enough to say something."""
        if self.usual is None:
            return None
        low, high = self.usual
        return None if self.unit == "share" and high - low > WIDEST_SHARE else self.usual


@dataclass(frozen=True)
class Stack:
    """Measures that add up, as a stacked bar per week.

    Args:
        layers: column of the frame, name and colour of each layer, from the bottom up.
        unit: "hours", or "share" if the layers add up to 1.
    """

    layers: tuple[tuple[str, str, Ink | Literal["off"]], ...]
    unit: Literal["hours", "share"]


@dataclass(frozen=True)
class Weeks:
    """The weeks of a tile's chart and what is marked on them.

    Args:
        starts: the Mondays, in order.
        running: whether the last week is still running.
        window: first and last day that the tile's value covers.
        change: Monday from which on a lasting change holds; None without one.
        phase: Monday with which the current phase begins; None if it is the only one.
        events: what happened in these weeks.
        away: the Mondays of weeks away, which are drawn hollow.
    """

    starts: tuple[date, ...]
    running: bool
    window: tuple[date, date]
    change: date | None = None
    phase: date | None = None
    events: tuple[Event, ...] = ()
    away: frozenset[date] = frozenset()

    @property
    def phase_at(self) -> int:
        """The number of the first week of the current phase."""
        return self.starts.index(self.phase) if self.phase in self.starts else 0

    @property
    def shown_events(self) -> list[Event]:
        """The events of the weeks that are drawn."""
        return [it for it in self.events if it.week in self.starts]

    def place(self, day: date) -> float:
        """Where a day lies on the axis, on which weeks are 1 apart."""
        return (day - self.starts[0]) / _WEEK

    @property
    def covered(self) -> tuple[float, float] | None:
        """The ends of the window's weeks on the axis; None if it has only the running week."""
        weeks = [it for it in self.starts if it <= self.window[1] and it + _WEEK > self.window[0]]
        if self.running and weeks and weeks[-1] == self.starts[-1]:
            weeks = weeks[:-1]
        if not weeks:
            return None
        return self.place(weeks[0]) - _NEARLY_HALF, self.place(weeks[-1]) + _NEARLY_HALF


def draw_tile(
    frame: pl.DataFrame,
    *,
    upper: Line,
    lower: Line | Stack,
    weeks: Weeks,
    mode: Mode,
    title: str,
) -> Chart:
    """Two panels over the same weeks; the thick segment is the tile's value over its window.

    - `frame`: one row per week of `weeks`, in order; the columns of the panels (float, null where
      there is nothing to say).
    - `upper`, `lower`: what the panels show.
    """
    canvas = _canvas(title, mode, _HEIGHT, weeks)
    known = frame.select(pl.any_horizontal(pl.col(_columns(upper, lower)).is_not_null()).any())
    if frame.is_empty() or not known.item():
        return canvas.blank("No week with data yet")
    colour = canvas.colour
    plot = _HEIGHT - _MARGIN[2] - _MARGIN[3]
    panel = (plot - _GAP) / 2 / plot
    axis: Part = {"showgrid": True, "tickfont": {"size": SMALL_FONT_SIZE}}
    layout: Part = {
        "barmode": "stack",
        "bargap": 0.28,
        "shapes": _change(weeks, colour),
        "annotations": [
            _name(upper, 1, colour),
            _name(lower, panel, colour),
            *_events(weeks, colour),
        ],
        "xaxis": {"range": [-0.6, len(weeks.starts) - 0.3], **_week_ticks(weeks, colour)},
        "yaxis": {**axis, **_axis(frame, lower), "domain": [0, panel]},
        "yaxis2": {**axis, **_axis(frame, upper), "domain": [1 - panel, 1], "anchor": "x"},
    }
    traces = [
        *(_line(frame, lower, weeks, colour, "y") if isinstance(lower, Line) else ()),
        *(_stack(frame, lower, weeks, colour) if isinstance(lower, Stack) else ()),
        *_line(frame, upper, weeks, colour, "y2"),
    ]
    return canvas.chart(traces, layout, _alt(frame, upper, lower, weeks))


def draw_panel(frame: pl.DataFrame, *, panel: Line, weeks: Weeks, mode: Mode, title: str) -> Chart:
    """One measure alone over the weeks; otherwise as `draw_tile`."""
    canvas = _canvas(title, mode, _PANEL_HEIGHT, weeks)
    if frame.is_empty() or frame[panel.column].is_null().all():
        return canvas.blank("No week with data yet")
    colour = canvas.colour
    layout: Part = {
        "shapes": _change(weeks, colour),
        "annotations": [_name(panel, 1, colour), *_events(weeks, colour)],
        "xaxis": {"range": [-0.6, len(weeks.starts) - 0.3], **_week_ticks(weeks, colour)},
        "yaxis": {"tickfont": {"size": SMALL_FONT_SIZE}, **_axis(frame, panel)},
    }
    said = f", {formats.plural(len(weeks.starts), 'week')}: {_said(frame, panel, weeks)}."
    return canvas.chart(_line(frame, panel, weeks, colour, "y"), layout, said)


def _canvas(title: str, mode: Mode, height: int, weeks: Weeks) -> Canvas:
    room = room_below(weeks.shown_events)
    *margin, bottom = _MARGIN
    return Canvas(title, mode, height + room, (*margin, bottom + room))  # type: ignore[arg-type] # 4


def _events(weeks: Weeks, colour: Tokens) -> list[Part]:
    return triangles(weeks.shown_events, place=weeks.place, axis="y", colour=colour)


def _columns(upper: Line, lower: Line | Stack) -> list[str]:
    below = [lower.column] if isinstance(lower, Line) else [it for it, _, _ in lower.layers]
    return [upper.column, *below]


def _line(frame: pl.DataFrame, panel: Line, weeks: Weeks, colour: Tokens, axis: str) -> list[Part]:
    values = frame[panel.column].to_list()
    ink = getattr(colour, panel.ink)
    count = len(values) - weeks.running
    more: Part = {"yaxis": axis}
    words = [_hover(panel, weeks, at, values[at]) for at in range(len(values))]
    traces: list[Part] = []
    if panel.shown_usual is not None:
        low, high = panel.shown_usual
        ends = (weeks.phase_at - _HALF, len(weeks.starts) - 1 + _HALF)
        across, up = [ends[0], ends[1], ends[1], ends[0]], [low, low, high, high]
        area: Part = {"fill": "toself", "fillcolor": colour.band, **more}
        traces.append(line(across, up, {"width": 0}, None, **area))
    if panel.value is not None and weeks.covered is not None:
        thick = {"color": colour.accent, "width": 5}
        traces.append(line(weeks.covered, [panel.value] * 2, thick, **more))
    plain = {"color": ink, "size": 4, "line": {"width": 0}}
    lines: Part = {"mode": "lines+markers", "marker": plain, "cliponaxis": False, **more}
    style = {"color": ink, "width": 1.75}
    # The line breaks where a phase begins.
    for first, end in ((0, weeks.phase_at), (weeks.phase_at, count)):
        if first < end:
            part = slice(first, end)
            traces.append(line(range(first, end), values[part], style, words[part], **lines))
    if panel.earlier is not None and weeks.phase_at:
        dotted = {"color": colour.faint, "width": 1, "dash": "dot"}
        before = (-_HALF, weeks.phase_at - _HALF)
        traces.append(line(before, [panel.earlier] * 2, dotted, **more))
    hollow = [at for at in range(count) if weeks.starts[at] in weeks.away]
    hollow += [count] * weeks.running
    if rings := [at for at in hollow if values[at] is not None]:
        look, said = marker(colour.bg, 7, ink), [words[at] for at in rings]
        traces.append(dots(rings, [values[at] for at in rings], look, said, **more))
    return traces


def _stack(frame: pl.DataFrame, panel: Stack, weeks: Weeks, colour: Tokens) -> list[Part]:
    traces = []
    for column, name, ink in panel.layers:
        values = frame[column].to_list()
        said = [
            hover(_week(weeks, at), f"{name} <b>{_figure(value, panel.unit)}</b>")
            for at, value in enumerate(values)
        ]
        # The running week is lighter: it is not over.
        fade = [1.0] * (len(values) - weeks.running) + [0.55] * weeks.running
        filled = outline(colour.faint) if ink == OFF else solid(getattr(colour, ink))
        look = filled | {"opacity": fade}
        traces.append(bars(range(len(values)), values, look, said))
    return traces


def _figure(value: float | None, unit: str) -> str:
    return formats.hours_sum(value) if unit == "hours" else formats.figure(value, unit)


def _week(weeks: Weeks, at: int) -> str:
    start = weeks.starts[at]
    if weeks.running and at == len(weeks.starts) - 1:
        return f"{formats.week(start)}, so far"
    return formats.week(start) + (", away" if start in weeks.away else "")


def _hover(panel: Line, weeks: Weeks, at: int, value: float | None) -> str:
    lines = [_week(weeks, at), f"<b>{formats.figure(value, panel.unit)}</b>"]
    if panel.shown_usual is not None:
        low, high = (formats.figure(it, panel.unit) for it in panel.shown_usual)
        lines.append(f"usual range {low} to {high}")
    return hover(*lines)


def _axis(frame: pl.DataFrame, panel: Line | Stack) -> Part:
    if isinstance(panel, Stack):
        if panel.unit == "share":
            return value_axis(0, 1, "share", at=[0, 1])
        total = frame.select(pl.sum_horizontal([it for it, _, _ in panel.layers]).max()).item()
        axis = value_axis(0, (total or 1) * 1.1, "count", most=_MOST_TICKS)
        return {**axis, "ticktext": [formats.hours_sum(it) for it in axis["tickvals"]]}
    reach = [*frame[panel.column].to_list(), panel.value, *(panel.shown_usual or ())]
    if panel.log:
        return _log_axis([it for it in reach if it])
    high = max((it for it in reach if it is not None), default=0.0) or 1.0
    if panel.unit == "share":
        return value_axis(0, min(high * 1.15, 1.0), "share", most=_MOST_TICKS)
    return value_axis(0, high * 1.15, _SPACES[panel.unit], most=_MOST_TICKS)


def _log_axis(values: Sequence[float]) -> Part:
    if not values:
        return {"range": [0, 1], "tickvals": [], "ticktext": []}
    low, high = padded([math.log10(it) for it in values], by=0.1)
    low = min(low, *(math.log10(it) for it in values)) - 0.05
    round_hours = (0.25, 0.5, 1, 2, 4, 8, 16, 24, 48, 96, 240)
    inside = [it for it in round_hours if low <= math.log10(it) <= high]
    step = max(1, -(-len(inside) // _MOST_TICKS))
    shown = inside[::step]
    return {
        "type": "log",
        "range": [low, high],
        "tickvals": shown,
        "ticktext": [formats.duration(it) for it in shown],
    }


def _name(panel: Line | Stack, top: float, colour: Tokens) -> Part:
    if isinstance(panel, Line):
        text = panel.title
    else:
        text = "hours: " if panel.unit == "hours" else "loop hours: "
        text += f"{formats.NBSP} ".join(
            _swatch(ink, colour) + formats.NBSP + name for _, name, ink in panel.layers
        )
    place: Part = {"x": 0, "y": top, "xanchor": "left", "yanchor": "bottom", "yshift": 2}
    # On the colour of the page, so that no line crosses the words.
    return words_at(
        text, **place, xshift=-2, font={"size": SMALL_FONT_SIZE}, bgcolor=colour.bg, borderpad=0
    )


def _swatch(ink: Ink | Literal["off"], colour: Tokens) -> str:
    fill, glyph = (colour.faint, "□") if ink == OFF else (getattr(colour, ink), "■")
    return f'<span style="color:{fill}">{glyph}</span>'


def _change(weeks: Weeks, colour: Tokens) -> list[Part]:
    if weeks.change is None or weeks.change < weeks.starts[0]:
        return []
    at = weeks.place(weeks.change) - _HALF
    style = {"color": colour.accent, "width": 1, "dash": "3px,3px"}
    return [
        {
            "type": "line",
            "x0": at,
            "x1": at,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "line": style,
            "layer": "below",
        }
    ]


def _week_ticks(weeks: Weeks, colour: Tokens) -> Part:
    """The first week, a change, the first week of the window and the running week."""
    last = len(weeks.starts) - 1
    wanted = [(last, "now" if weeks.running else formats.day(weeks.starts[-1]))]
    if weeks.change is not None and weeks.change in weeks.starts:
        at = weeks.starts.index(weeks.change)
        text = f'<b><span style="color:{colour.accent}">{formats.day(weeks.change)}</span></b>'
        wanted.append((at, text))
    begins = [at for at, it in enumerate(weeks.starts) if it + _WEEK > weeks.window[0]]
    wanted += [(at, formats.day(weeks.starts[at])) for at in [*begins[:1], 0]]
    shown: list[tuple[int, str]] = []
    for at, text in wanted:
        if all(abs(at - other) >= _TICKS_APART for other, _ in shown):
            shown.append((at, text))
    return {
        "tickvals": [at for at, _ in shown],
        "ticktext": [text for _, text in shown],
        "tickfont": {"size": SMALL_FONT_SIZE},
        "ticklabelstandoff": room_below(weeks.shown_events),
    }


def _alt(frame: pl.DataFrame, upper: Line, lower: Line | Stack, weeks: Weeks) -> str:
    whole = len(weeks.starts) - weeks.running
    over = f"{formats.plural(whole, 'week')} from {formats.week(weeks.starts[0])}"
    said = [_said(frame, it, weeks) for it in (upper, lower) if isinstance(it, Line)]
    if isinstance(lower, Stack):
        names = " and ".join(name for _, name, _ in lower.layers)
        said.append(f"below, {lower.unit} of {names} per week")
    return f", {over}: {'; '.join(said)}."


def _said(frame: pl.DataFrame, panel: Line, weeks: Weeks) -> str:
    words = f"{panel.title} {formats.figure(panel.value, panel.unit)}"
    words += f", {formats.span(*weeks.window)}"
    if panel.shown_usual is not None:
        low, high = (formats.figure(it, panel.unit) for it in panel.shown_usual)
        words += f", usual range {low} to {high}"
    latest: Any = frame[panel.column].to_list()[-1]
    if weeks.running:
        words += f", {formats.figure(latest, panel.unit)} this week so far"
    return words
