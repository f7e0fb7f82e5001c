"""Small multiples: every group against its own usual range, one scale per measure."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from velocity import formats
from velocity.charts.base import (
    Canvas,
    Chart,
    Part,
    day_ticks,
    iso,
    padded,
    safe,
    value_axis,
    words_at,
)
from velocity.charts.weeks import band_and_centre, series
from velocity.reading.series import Weeks
from velocity.theme import SMALL_FONT_SIZE, Mode, Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

_TOP, _BOTTOM, _LEFT, _RIGHT = 30, 28, 122, 6
_ROW = 90
_SPACE_X, _SPACE_Y = 0.018, 0.09
_TITLE_CHARACTERS = 15
#: Space after the last week for its value, as a fraction of the window: 46 days for twelve weeks.
_VALUE_ROOM = 46 / 77
_EDGE_ROOM = timedelta(days=4)


@dataclass(frozen=True)
class Measure:
    """A measure of `draw_multiples`: its id in the frame, its words and its unit."""

    id: str
    title: str
    unit: str


#: The measures of a stream. Failures are always shown beside throughput.
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
    groups: Mapping[str, str],
    along: Literal["row", "column"],
    mode: Mode,
    title: str,
    notes: Mapping[str, str] | None = None,
) -> Chart:
    """One panel per group and measure, all over the same weeks.

    - `frame`: one row per group, measure and week; `group_id` and `measure` (str), and the columns
      of `draw_trend`.
    - `measures`: the measures to show, in order.
    - `groups`: id -> name, in order.
    - `along`: whether a measure is a row (groups side by side) or a column (groups below each
      other).
    - `notes`: id of a group -> text below its name, such as its n.
    """
    across: Sequence[str | Measure] = measures
    down: Sequence[str | Measure] = [*groups]
    if along == "row":
        across, down = down, across
    height = _TOP + _BOTTOM + _ROW * max(len(down), 1)
    canvas = Canvas(title, mode, height, (_LEFT, _RIGHT, _TOP, _BOTTOM))
    wanted = {measure.id for measure in measures}
    rows = [it for it in frame.to_dicts() if it["measure"] in wanted and it["group_id"] in groups]
    if all(row["value"] is None for row in rows):
        return canvas.blank()
    days = sorted({row["week_start"] for row in rows})
    grid = _Grid(len(across), len(down), days[0], days[-1], shared_y=along == "row")
    words = _Words(groups, notes or {}, canvas.colour)
    layout: Part = {"shapes": [], "annotations": words.headings(across, down, grid)}
    layout |= grid.x_axes()
    traces: list[Part] = []
    shifts: list[str] = []
    for at_measure, measure in enumerate(measures):
        own = [row for row in rows if row["measure"] == measure.id]
        reach = padded(row[name] for row in own for name in ("value", "limit_low", "limit_high"))
        for at_group, (group, name) in enumerate(groups.items()):
            column, row = (at_group, at_measure) if along == "row" else (at_measure, at_group)
            panel = _Panel(grid, column, row)
            layout |= panel.y_axis(reach, measure.unit)
            weeks = Weeks.of(it for it in own if it["group_id"] == group)
            traces += panel.traces(weeks, measure.unit, canvas.colour)
            layout["shapes"] += panel.usual_range(weeks, canvas.colour)
            layout["annotations"].append(panel.value(weeks, measure.unit, canvas.colour))
            if weeks.values and weeks.latest["signal"]:
                value = formats.figure(weeks.latest["value"], measure.unit)
                shifts.append(f"{formats.label(name)}, {measure.title.lower()} {value}")
    window = f"{formats.plural((days[-1] - days[0]).days // 7 + 1, 'week')} from "
    window += formats.week(days[0])
    named = ", ".join(measure.title.lower() for measure in measures)
    found = f"beyond their usual range: {'; '.join(shifts)}" if shifts else "no shift"
    alt = f", {window}, {formats.plural(len(groups), 'group')}, {named}: {found}."
    return canvas.chart(traces, layout, alt)


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
        common = {
            "type": "date",
            "range": [iso(self.first - _EDGE_ROOM), iso(self.last + span * _VALUE_ROOM)],
            "tickfont": {"size": SMALL_FONT_SIZE},
            **day_ticks(self.first, self.last),
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

    def y_axis(self, reach: tuple[float, float], unit: str) -> Part:
        if self.grid.shared_y and self.column:
            return {}
        axis: Part = {"range": [*reach], "showticklabels": False}
        if self.grid.shared_y:
            axis = value_axis(*reach, unit, most=3)
        return {
            f"yaxis{_suffix(self._y_place)}": {
                "domain": self.grid.y_domain(self.row),
                "anchor": self.x,
                "showgrid": False,
                "tickfont": {"size": SMALL_FONT_SIZE},
                **axis,
            }
        }

    def traces(self, weeks: Weeks, unit: str, colour: Tokens) -> list[Part]:
        axes = {"xaxis": self.x, "yaxis": self.y}
        drawn = series(weeks, unit, colour, small=True) if weeks.values else []
        return [trace | axes for trace in drawn]

    def usual_range(self, weeks: Weeks, colour: Tokens) -> list[Part]:
        edges = [iso(self.grid.first - _EDGE_ROOM), iso(self.grid.last + _EDGE_ROOM)]
        place = {"xref": self.x, "yref": self.y, "x0": edges[0], "x1": edges[1]}
        return band_and_centre(weeks.limits, colour, place) if weeks.values else []

    def value(self, weeks: Weeks, unit: str, colour: Tokens) -> Part:
        """The latest value, at the right end of the line."""
        place = {"xref": self.x, "yref": self.y, "xanchor": "left"}
        if not weeks.values:
            place["yref"] += " domain"
            return words_at("no value", x=iso(self.grid.first), y=0.5, **place)
        last = next(row for row in reversed(weeks.rows) if row["value"] is not None)
        value, strong = formats.figure(weeks.latest["value"], unit), weeks.latest["signal"]
        return words_at(
            f"<b>{value}</b>" if strong else value,
            x=iso(last["week_start"]),
            y=weeks.latest["value"],
            xshift=9,
            font={"color": colour.text if strong else colour.muted},
            bgcolor=colour.bg,  # low values would be on the axis line
            borderpad=0,
            **place,
        )


def _suffix(place: int) -> str:
    return str(place + 1) if place else ""


@dataclass(frozen=True)
class _Words:
    """The headings of rows and columns."""

    groups: Mapping[str, str]
    notes: Mapping[str, str]
    colour: Tokens

    def headings(
        self, across: Sequence[str | Measure], down: Sequence[str | Measure], grid: _Grid
    ) -> list[Part]:
        ink = {"color": self.colour.text}
        above = {"xanchor": "left", "yanchor": "bottom", "yshift": 8, "font": ink}
        beside = {"xanchor": "left", "xshift": -_LEFT + 2, "align": "left", "font": ink}
        return [
            words_at(self._above(item), x=grid.x_domain(at)[0], y=1, **above)
            for at, item in enumerate(across)
        ] + [
            words_at(self._beside(item), x=0, y=sum(grid.y_domain(at)) / 2, **beside)
            for at, item in enumerate(down)
        ]

    def _above(self, item: str | Measure) -> str:
        return item.title if isinstance(item, Measure) else f"<b>{safe(self.groups[item], 22)}</b>"

    def _beside(self, item: str | Measure) -> str:
        if isinstance(item, Measure):
            return "<br>".join(textwrap.wrap(item.title, _TITLE_CHARACTERS))
        name = f"<b>{safe(self.groups[item], _TITLE_CHARACTERS)}</b>"
        if item not in self.notes:
            return name
        return f'{name}<br><span style="color:{self.colour.muted}">{safe(self.notes[item])}</span>'
