"""The chart of a tile: two measures over the same weeks, one above the other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, padded, value_axis
from velocity.charts.marks import bars, dots, line, marker, outline, solid, upright
from velocity.charts.weeks import Event, ranged, room_below, triangles
from velocity.charts.words import SMALL, Part, bold, hover, swatch, words_at
from velocity.theme import LIGHT

_HEIGHT, _PANEL_HEIGHT = 172, 124
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 8, 16, 24
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
_ROUND_HOURS = (0.25, 0.5, 1, 2, 4, 8, 16, 24, 48, 96, 240)

Ink = Literal["series", "failed", "serial", "parallel", "machine", "reaction"]
#: Hours of nights and days off are an outline: two greys would be too near.
OFF: Literal["off"] = "off"


@dataclass(frozen=True)
class Line:
    """A measure as a line over weeks, with its value over the window and its usual range."""

    column: str  # of the frame
    title: str  # above the panel
    unit: str  # of the measure; see `formats.figure`
    value: float | None = None  # over the window; None if not known, or without weeks of its own
    usual: tuple[float, float] | None = None  # None if it is not known
    earlier: float | None = None  # the mean of the weeks before the current phase, if any
    ink: Ink = "series"
    log: bool = False  # whether the axis is logarithmic

    @property
    def shown_usual(self) -> tuple[float, float] | None:
        """The usual range, if it is narrow enough to say something."""
        low, high = self.usual or (0.0, 0.0)
        return None if self.unit == "share" and high - low > WIDEST_SHARE else self.usual

    @property
    def usual_words(self) -> str:
        """The same in words; "" without one."""
        low, high = self.shown_usual or (None, None)
        return ranged(low, high, self.unit, "usual range ")

    def figure(self, value: float | None) -> str:
        """A value of the measure in words."""
        return formats.figure(value, self.unit)


@dataclass(frozen=True)
class Stack:
    """Measures that add up, as a stacked bar per week."""

    #: Column of the frame, name and colour of each layer, from the bottom up.
    layers: tuple[tuple[str, str, Ink | Literal["off"]], ...]
    unit: Literal["hours", "share"]  # "share" if the layers add up to 1


@dataclass(frozen=True)
class Weeks:
    """The weeks of a tile's chart and what is marked on them."""

    starts: tuple[date, ...]  # the Mondays, in order
    running: bool  # whether the last week is still running
    window: tuple[date, date]  # first and last day that the tile's value covers
    change: date | None = None  # Monday from which on a lasting change holds
    phase: date | None = None  # Monday with which the current phase begins; None if the only one
    events: tuple[Event, ...] = ()
    away: frozenset[date] = frozenset()  # the Mondays of weeks away, which are drawn hollow

    @property
    def whole(self) -> int:
        """The number of weeks that are over."""
        return len(self.starts) - self.running

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
        first, last = self.window
        over = self.starts[: self.whole]
        weeks = [at for at, it in enumerate(over) if it <= last and it + _WEEK > first]
        return (weeks[0] - _NEARLY_HALF, weeks[-1] + _NEARLY_HALF) if weeks else None

    def words(self, at: int) -> str:
        """A week by its number: "week of 16 Nov, so far"."""
        if at == self.whole:
            return f"{formats.week(self.starts[at])}, so far"
        return formats.week(self.starts[at]) + (", away" * (self.starts[at] in self.away))


def draw_tile(
    frame: pl.DataFrame,
    *,
    upper: Line,
    lower: Line | Stack | None = None,
    weeks: Weeks,
    title: str,
) -> Chart:
    """Two panels over the same weeks; the thick segment is the tile's value over its window.

    - `frame`: one row per week of `weeks`, in order; the columns of the panels (float, null where
      there is nothing to say).
    - `upper`, `lower`: what the panels show; one panel alone is less high.
    """
    room = room_below(weeks.shown_events)
    height = (_PANEL_HEIGHT if lower is None else _HEIGHT) + room
    canvas = Canvas(title, height, (_LEFT, _RIGHT, _TOP, _BOTTOM + room))
    columns = [upper.column]
    if lower is not None:
        columns += [lower.column] if isinstance(lower, Line) else [it for it, _, _ in lower.layers]
    if not any(frame[it].count() for it in columns):
        return canvas.blank("No week with data yet")
    said = [_said(frame, upper, weeks)]
    over, axis = formats.plural(len(weeks.starts), "week"), "y"
    titles: list[tuple[str, float]] = [(upper.title, 1)]
    layout: Part = {"yaxis": {"tickfont": SMALL, **_axis(frame, upper)}}
    traces: list[Part] = []
    if lower is not None:
        over = f"{formats.plural(weeks.whole, 'week')} from {formats.week(weeks.starts[0])}"
        plot, axis = _HEIGHT - _TOP - _BOTTOM, "y2"
        panel = (plot - _GAP) / 2 / plot
        if isinstance(lower, Line):
            text, traces = lower.title, _line(frame, lower, weeks, "y")
            said.append(_said(frame, lower, weeks))
        else:
            text, traces = _stack(frame, lower, weeks)
            names = " and ".join(name for _, name, _ in lower.layers)
            said.append(f"below, {lower.unit} of {names} per week")
        titles.append((text, panel))
        look: Part = {"showgrid": True, "tickfont": SMALL}
        above = {"domain": [1 - panel, 1], "anchor": "x"}
        layout = {
            "barmode": "stack",
            "bargap": 0.28,
            "yaxis": {**look, **_axis(frame, lower), "domain": [0, panel]},
            "yaxis2": {**look, **_axis(frame, upper), **above},
        }
    layout |= _layout(weeks, titles)
    traces += _line(frame, upper, weeks, axis)
    return canvas.chart(traces, layout, f", {over}: {'; '.join(said)}.")


def _layout(weeks: Weeks, titles: Sequence[tuple[str, float]]) -> Part:
    """The axis of weeks and what is marked on it, and titles at the tops of their panels."""
    shapes = []
    if weeks.change is not None and weeks.change >= weeks.starts[0]:
        dashed = {"color": LIGHT.accent, "width": 1, "dash": "3px,3px"}
        shapes.append(upright(weeks.place(weeks.change) - _HALF, dashed, yref="paper"))
    place: Part = {"xanchor": "left", "yanchor": "bottom", "xshift": -2, "yshift": 2}
    # On the colour of the page, so that no line crosses the words.
    look: Part = {"font": SMALL, "bgcolor": LIGHT.bg, "borderpad": 0}
    notes = [words_at(text, x=0, y=top, **place, **look) for text, top in titles]
    events = triangles(weeks.shown_events, place=weeks.place, axis="y")
    axis = {"range": [-0.6, len(weeks.starts) - 0.3], **_week_ticks(weeks)}
    return {"shapes": shapes, "annotations": [*notes, *events], "xaxis": axis}


def _line(frame: pl.DataFrame, panel: Line, weeks: Weeks, axis: str) -> list[Part]:
    values = frame[panel.column].to_list()
    ink, more = getattr(LIGHT, panel.ink), {"yaxis": axis}
    words = [
        hover(weeks.words(at), bold(panel.figure(it)), panel.usual_words)
        for at, it in enumerate(values)
    ]
    traces: list[Part] = []
    begins = weeks.phase_at - _HALF
    if panel.shown_usual is not None:
        (low, high), end = panel.shown_usual, len(weeks.starts) - 1 + _HALF
        area: Part = {"fill": "toself", "fillcolor": LIGHT.band, **more}
        corners = [begins, end, end, begins], [low, low, high, high]
        traces.append(line(*corners, {"width": 0}, None, **area))
    if panel.value is not None and weeks.covered is not None:
        thick = {"color": LIGHT.accent, "width": 5}
        traces.append(line(weeks.covered, [panel.value] * 2, thick, **more))
    plain = {"color": ink, "size": 4, "line": {"width": 0}}
    dotted: Part = {"mode": "lines+markers", "marker": plain, "cliponaxis": False, **more}
    # The line breaks where a phase begins.
    for first, end in ((0, weeks.phase_at), (weeks.phase_at, weeks.whole)):
        if first < end:
            part, style = slice(first, end), {"color": ink, "width": 1.75}
            traces.append(line(range(first, end), values[part], style, words[part], **dotted))
    if panel.earlier is not None and weeks.phase_at:
        style = {"color": LIGHT.faint, "width": 1, "dash": "dot"}
        traces.append(line((-_HALF, begins), [panel.earlier] * 2, style, **more))
    hollow = [
        at
        for at, start in enumerate(weeks.starts)
        if values[at] is not None and (at == weeks.whole or start in weeks.away)
    ]
    if hollow:
        look, said = marker(LIGHT.bg, 7, ink), [words[at] for at in hollow]
        traces.append(dots(hollow, [values[at] for at in hollow], look, said, **more))
    return traces


def _stack(frame: pl.DataFrame, panel: Stack, weeks: Weeks) -> tuple[str, list[Part]]:
    """The title, which names the layers, and their bars."""
    written = formats.hours_sum if panel.unit == "hours" else formats.share
    # The running week is lighter: it is not over.
    fade = [1.0] * weeks.whole + [0.55] * weeks.running
    names, traces = [], []
    for column, name, ink in panel.layers:
        values = frame[column].to_list()
        said = [
            hover(weeks.words(at), f"{name} {bold(written(it))}") for at, it in enumerate(values)
        ]
        off, fill = ink == OFF, LIGHT.faint if ink == OFF else getattr(LIGHT, ink)
        names.append(swatch("□" if off else "■", fill, name))
        look = (outline(fill) if off else solid(fill)) | {"opacity": fade}
        traces.append(bars(range(len(values)), values, look, said))
    title = "hours: " if panel.unit == "hours" else "loop hours: "
    return title + f"{formats.NBSP} ".join(names), traces


def _axis(frame: pl.DataFrame, panel: Line | Stack) -> Part:
    if isinstance(panel, Stack):
        if panel.unit == "share":
            return value_axis(0, 1, "share", at=[0, 1])
        total = frame.select(pl.sum_horizontal([it for it, _, _ in panel.layers]).max()).item()
        axis = value_axis(0, (total or 1) * 1.1, "count", most=_MOST_TICKS)
        return {**axis, "ticktext": [formats.hours_sum(it) for it in axis["tickvals"]]}
    reach = [*frame[panel.column].to_list(), panel.value, *(panel.shown_usual or ())]
    if not panel.log:
        high = (max((it for it in reach if it is not None), default=0.0) or 1.0) * 1.15
        high = min(high, 1.0) if panel.unit == "share" else high
        return value_axis(0, high, panel.unit, most=_MOST_TICKS)
    powers = [math.log10(it) for it in reach if it]
    if not powers:
        return {"range": [0, 1], "tickvals": [], "ticktext": []}
    low, high = padded(powers, by=0.1)
    low = min(low, *powers) - 0.05
    inside = [it for it in _ROUND_HOURS if low <= math.log10(it) <= high]
    shown = inside[:: max(1, -(-len(inside) // _MOST_TICKS))]
    words = [formats.duration(it) for it in shown]
    return {"type": "log", "range": [low, high], "tickvals": shown, "ticktext": words}


def _week_ticks(weeks: Weeks) -> Part:
    """The first week, a change, the first week of the window and the running week."""
    days = [formats.day(it) for it in weeks.starts]
    wanted = [(len(days) - 1, "now" if weeks.running else days[-1])]
    if weeks.change is not None and weeks.change in weeks.starts:
        at = weeks.starts.index(weeks.change)
        wanted.append((at, bold(f'<span style="color:{LIGHT.accent}">{days[at]}</span>')))
    begins = [at for at, it in enumerate(weeks.starts) if it + _WEEK > weeks.window[0]]
    wanted += [(at, days[at]) for at in [*begins[:1], 0]]
    shown: dict[int, str] = {}
    for at, text in wanted:
        if all(abs(at - other) >= _TICKS_APART for other in shown):
            shown[at] = text
    return {
        "tickvals": [*shown],
        "ticktext": [*shown.values()],
        "tickfont": SMALL,
        "ticklabelstandoff": room_below(weeks.shown_events),
    }


def _said(frame: pl.DataFrame, panel: Line, weeks: Weeks) -> str:
    words = [
        f"{panel.title} {panel.figure(panel.value)}",
        formats.span(*weeks.window),
        panel.usual_words,
        f"{panel.figure(frame[panel.column][-1])} this week so far" if weeks.running else "",
    ]
    return ", ".join(filter(None, words))
