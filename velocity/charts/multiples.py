"""Small multiples: every group against its own usual range, one scale along a measure."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from velocity import formats
from velocity.charts.base import (
    Chart,
    Part,
    Unit,
    blank,
    edge_axis,
    iso,
    make_figure,
    padded,
    safe,
    ticks,
    value_axis,
    words_at,
    written,
)
from velocity.charts.weeks import Weeks, band_and_centre, series
from velocity.theme import SMALL_FONT_SIZE, Mode, Tokens, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

_TOP, _BOTTOM, _LEFT, _RIGHT = 30, 28, 122, 6
_ROW = 90
_SPACE_X, _SPACE_Y = 0.018, 0.09
_TITLE_CHARACTERS = 15
#: Room after the last week for its value, as a part of the window: 46 days after twelve weeks.
_VALUE_ROOM = 46 / 77
_MOST_TICKS = 3
_EDGE_ROOM = timedelta(days=4)


@dataclass(frozen=True)
class Measure:
    """A measure of `draw_multiples`: its id in the frame, its words and its unit."""

    id: str
    title: str
    unit: Unit


#: What is followed of a stream. Failures stand beside throughput wherever it is shown.
STREAM_MEASURES = (
    Measure("experiments_concluded", "Concluded experiments a week", "count"),
    Measure("failure_share", "Share of runs failed", "share"),
    Measure("serial_share", "Serial share of busy hours", "share"),
    Measure("reaction_hours_median", "Reaction, median", "hours"),
)


def draw_multiples(
    frame: pl.DataFrame,
    *,
    measures: Sequence[Measure],
    groups: Sequence[str],
    along: Literal["row", "column"],
    mode: Mode,
    title: str,
    notes: Mapping[str, str] | None = None,
) -> Chart:
    """A panel a group and measure, all over the same weeks.

    Args:
        frame: a row a group, measure and week; `group` and `measure` (str), and the columns of
            `draw_trend`.
        measures: which, in order.
        groups: which, in order.
        along: whether a measure is a row (groups side by side) or a column (groups below each
            other).
        mode: which palette.
        title: what is compared.
        notes: words under a group's name, such as its n.
    """
    wanted = {measure.id for measure in measures}
    rows = [row for row in frame.to_dicts() if row["measure"] in wanted and row["group"] in groups]
    across, down = (groups, measures) if along == "row" else (measures, groups)
    height = _TOP + _BOTTOM + _ROW * max(len(down), 1)
    if all(row["value"] is None for row in rows):
        return blank(title, mode=mode, height=height)
    colour = tokens(mode)
    days = sorted({row["week_start"] for row in rows})
    grid = _Grid(len(across), len(down), days[0], days[-1], shared_y=along == "row")
    layout: Part = {"shapes": [], "annotations": _headings(across, down, notes or {}, grid, colour)}
    layout |= grid.x_axes()
    traces: list[Part] = []
    signals: list[str] = []
    for at_measure, measure in enumerate(measures):
        own = [row for row in rows if row["measure"] == measure.id]
        reach = padded(row[name] for row in own for name in ("value", "limit_low", "limit_high"))
        for at_group, group in enumerate(groups):
            place = (at_group, at_measure) if along == "row" else (at_measure, at_group)
            panel = _Panel(grid, *place)
            layout |= panel.y_axis(reach, measure.unit)
            weeks = Weeks.of_rows(row for row in own if row["group"] == group)
            drawn, shapes, label = _drawn(weeks, panel, measure, mode)
            traces += drawn
            layout["shapes"] += shapes
            layout["annotations"].append(label)
            if weeks.values and weeks.latest["signal"]:
                value = written(weeks.latest["value"], measure.unit)
                signals.append(f"{formats.label(group)}, {measure.title.lower()} {value}")
    figure = make_figure(
        traces, layout, mode=mode, height=height, margin=(_LEFT, _RIGHT, _TOP, _BOTTOM)
    )
    return Chart(figure, _alt(title, measures, groups, days, signals))


@dataclass(frozen=True)
class _Grid:
    """Columns share their x axis; rows share their y axis where a row is one measure."""

    columns: int
    rows: int
    first: date
    last: date
    shared_y: bool

    def x_domain(self, column: int) -> list[float]:
        width = (1 - _SPACE_X * (self.columns - 1)) / self.columns
        start = column * (width + _SPACE_X)
        return [start, min(start + width, 1)]

    def y_domain(self, row: int) -> list[float]:
        height = (1 - _SPACE_Y * (self.rows - 1)) / self.rows
        top = 1 - row * (height + _SPACE_Y)
        return [max(top - height, 0), top]

    def x_axes(self) -> Part:
        span = max(self.last - self.first, timedelta(weeks=1))
        reach = [iso(self.first - _EDGE_ROOM), iso(self.last + span * _VALUE_ROOM)]
        common = {
            "type": "date",
            "range": reach,
            "tickfont": {"size": SMALL_FONT_SIZE},
            **edge_axis([self.first, self.last]),
        }
        return {
            f"xaxis{_suffix(column)}": {
                **common,
                "domain": self.x_domain(column),
                "anchor": _Panel(self, column, self.rows - 1).y,
            }
            for column in range(self.columns)
        }


@dataclass(frozen=True)
class _Panel:
    grid: _Grid
    column: int
    row: int

    @property
    def x(self) -> str:
        return f"x{_suffix(self.column)}"

    @property
    def y(self) -> str:
        return f"y{_suffix(self._y_place)}"

    @property
    def _y_place(self) -> int:
        return self.row if self.grid.shared_y else self.row * self.grid.columns + self.column

    def y_axis(self, reach: tuple[float, float], unit: Unit) -> Part:
        low, high = reach
        if self.grid.shared_y and self.column:
            return {}
        words: Part = (
            value_axis(ticks(low, high, unit, most=_MOST_TICKS), unit)
            if self.grid.shared_y
            else {"showticklabels": False}
        )
        return {
            f"yaxis{_suffix(self._y_place)}": {
                "domain": self.grid.y_domain(self.row),
                "anchor": self.x,
                "range": [low, high],
                "showgrid": False,
                "tickfont": {"size": SMALL_FONT_SIZE},
                **words,
            }
        }


def _suffix(place: int) -> str:
    return str(place + 1) if place else ""


def _drawn(
    weeks: Weeks, panel: _Panel, measure: Measure, mode: Mode
) -> tuple[list[Part], list[Part], Part]:
    """Traces, shapes and the value at the right end of one panel."""
    colour, grid = tokens(mode), panel.grid
    place = {"xref": panel.x, "yref": panel.y, "xanchor": "left"}
    if not weeks.values:
        middle = {**place, "yref": f"{panel.y} domain"}
        return [], [], words_at("no value", x=iso(grid.first), y=0.5, **middle)
    traces = [
        trace | {"xaxis": panel.x, "yaxis": panel.y}
        for trace in series(
            weeks, mode=mode, unit=measure.unit, colour=colour.series, markers=False
        )
    ]
    edges = {"x0": iso(grid.first - _EDGE_ROOM), "x1": iso(grid.last + _EDGE_ROOM)}
    band = {"xref": panel.x, "yref": panel.y, **edges}
    last = next(row for row in reversed(weeks.rows) if row["value"] is not None)
    value = written(weeks.latest["value"], measure.unit)
    strong = weeks.latest["signal"]
    label = words_at(
        f"<b>{value}</b>" if strong else value,
        x=iso(last["week_start"]),
        y=weeks.latest["value"],
        xshift=9,
        font={"color": colour.text if strong else colour.muted},
        bgcolor=colour.bg,  # low values stand on the line of the axis
        borderpad=0,
        **place,
    )
    return traces, band_and_centre(weeks.limits, mode=mode, place=band), label


def _headings(
    across: Sequence[str | Measure],
    down: Sequence[str | Measure],
    notes: Mapping[str, str],
    grid: _Grid,
    colour: Tokens,
) -> list[Part]:
    ink = {"color": colour.text}
    above = {"xanchor": "left", "yanchor": "bottom", "yshift": 8, "font": ink}
    beside = {"xanchor": "left", "xshift": -_LEFT + 2, "align": "left", "font": ink}
    return [
        words_at(_name(item), x=grid.x_domain(at)[0], y=1, **above)
        for at, item in enumerate(across)
    ] + [
        words_at(_wrapped(item, notes, colour), x=0, y=sum(grid.y_domain(at)) / 2, **beside)
        for at, item in enumerate(down)
    ]


def _name(item: str | Measure) -> str:
    return item.title if isinstance(item, Measure) else f"<b>{safe(item, 22)}</b>"


def _wrapped(item: str | Measure, notes: Mapping[str, str], colour: Tokens) -> str:
    if isinstance(item, Measure):
        return "<br>".join(textwrap.wrap(item.title, _TITLE_CHARACTERS))
    name = f"<b>{safe(item, _TITLE_CHARACTERS)}</b>"
    if item not in notes:
        return name
    return f'{name}<br><span style="color:{colour.muted}">{safe(notes[item])}</span>'


def _alt(
    title: str,
    measures: Sequence[Measure],
    groups: Sequence[str],
    days: Sequence[date],
    signals: Sequence[str],
) -> str:
    names = ", ".join(measure.title.lower() for measure in measures)
    weeks = (days[-1] - days[0]).days // 7 + 1
    window = f"{formats.plural(weeks, 'week')} from {formats.week(days[0])}"
    found = f"beyond their usual range: {'; '.join(signals)}" if signals else "no signal"
    return f"{title}, {window}, {formats.plural(len(groups), 'group')}, {names}: {found}."
