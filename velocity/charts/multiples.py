"""Small multiples: every group against its own usual range, one scale along a measure."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import polars as pl

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
from velocity.charts.weeks import band_and_centre, every_week, limits_of, series
from velocity.theme import SMALL_FONT_SIZE, Mode, Tokens, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

_TOP, _BOTTOM, _LEFT, _RIGHT = 30, 28, 122, 6
_ROW = 90
_SPACE_X, _SPACE_Y = 0.018, 0.09
_TITLE_CHARACTERS = 15
#: Room after the last week for its value, as a part of the window: 46 days after twelve weeks.
_VALUE_ROOM = 46 / 77
_MOST_TICKS = 3


@dataclass(frozen=True)
class Measure:
    """A measure of `draw_multiples`: its id in the frame, its words and its unit."""

    id: str
    title: str
    unit: Unit


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
    shown = frame.filter(
        pl.col("group").is_in(list(groups)) & pl.col("measure").is_in([m.id for m in measures])
    )
    across, down = (groups, measures) if along == "row" else (measures, groups)
    height = _TOP + _BOTTOM + _ROW * max(len(down), 1)
    if shown.drop_nulls("value").is_empty():
        return blank(title, mode=mode, height=height)
    colour = tokens(mode)
    days = shown["week_start"].unique().sort().to_list()
    grid = _Grid(len(across), len(down), days[0], days[-1])
    layout: Part = {"shapes": [], "annotations": _headings(across, down, notes or {}, grid, colour)}
    traces: list[Part] = []
    signals: list[str] = []
    for measure in measures:
        rows = shown.filter(pl.col("measure") == measure.id)
        low, high = padded([*rows["value"], *rows["limit_low"], *rows["limit_high"]])
        for group in groups:
            at = (
                (groups.index(group), measures.index(measure))
                if along == "row"
                else (measures.index(measure), groups.index(group))
            )
            panel = _Panel(grid, *at)
            layout |= panel.axes((low, high), measure.unit, ticked=along == "row")
            weeks = every_week(rows.filter(pl.col("group") == group))
            drawn, shapes, label = _panel(weeks, panel, measure, mode)
            traces += drawn
            layout["shapes"] += shapes
            layout["annotations"].append(label)
            if panel.signal(weeks):
                value = weeks.filter(pl.col("signal"))["value"][-1]
                words = f"{measure.title.lower()} {written(value, measure.unit)}"
                signals.append(f"{formats.label(group)}, {words}")
    figure = make_figure(
        traces, layout, mode=mode, height=height, margin=(_LEFT, _RIGHT, _TOP, _BOTTOM)
    )
    return Chart(figure, _alt(title, measures, groups, days, signals))


@dataclass(frozen=True)
class _Grid:
    columns: int
    rows: int
    first: date
    last: date

    def x_domain(self, column: int) -> list[float]:
        width = (1 - _SPACE_X * (self.columns - 1)) / self.columns
        start = column * (width + _SPACE_X)
        return [start, min(start + width, 1)]

    def y_domain(self, row: int) -> list[float]:
        height = (1 - _SPACE_Y * (self.rows - 1)) / self.rows
        top = 1 - row * (height + _SPACE_Y)
        return [max(top - height, 0), top]


@dataclass(frozen=True)
class _Panel:
    grid: _Grid
    column: int
    row: int

    @property
    def suffix(self) -> str:
        place = self.row * self.grid.columns + self.column + 1
        return "" if place == 1 else str(place)

    def axes(self, reach: tuple[float, float], unit: Unit, *, ticked: bool) -> Part:
        grid = self.grid
        span = max(grid.last - grid.first, timedelta(weeks=1))
        start, end = grid.first - timedelta(days=4), grid.last + span * _VALUE_ROOM
        small = {"tickfont": {"size": SMALL_FONT_SIZE}}
        bottom = self.row == grid.rows - 1
        x: Part = {
            "type": "date",
            "domain": grid.x_domain(self.column),
            "anchor": f"y{self.suffix}",
            "range": [iso(start), iso(end)],
        }
        x |= edge_axis([grid.first, grid.last]) | small if bottom else {"visible": False}
        low, high = reach
        y: Part = {
            "domain": grid.y_domain(self.row),
            "anchor": f"x{self.suffix}",
            "range": reach,
            "showgrid": False,
        }
        if ticked and self.column == 0:
            y |= value_axis(ticks(low, high, unit, most=_MOST_TICKS), unit) | small
        else:
            y["showticklabels"] = False
        return {f"xaxis{self.suffix}": x, f"yaxis{self.suffix}": y}

    def signal(self, weeks: pl.DataFrame) -> bool:
        """Whether the latest complete week is a signal."""
        if weeks.is_empty():
            return False
        complete = weeks.filter(pl.col("value").is_not_null() & ~pl.col("running"))
        return bool(complete["signal"].tail(1).any())


def _panel(
    weeks: pl.DataFrame, panel: _Panel, measure: Measure, mode: Mode
) -> tuple[list[Part], list[Part], Part]:
    """Traces, shapes and the value at the right end of one panel."""
    colour, grid = tokens(mode), panel.grid
    axes = {"xaxis": f"x{panel.suffix}", "yaxis": f"y{panel.suffix}"}
    place = {"xref": axes["xaxis"], "yref": axes["yaxis"], "xanchor": "left"}
    known = weeks.drop_nulls("value") if weeks.height else weeks
    if known.is_empty():
        middle = {**place, "yref": f"{axes['yaxis']} domain"}
        return [], [], words_at("no value", x=iso(grid.first), y=0.5, **middle)
    traces = [
        trace | axes
        for trace in series(
            weeks, mode=mode, unit=measure.unit, colour=colour.series, markers=False
        )
    ]
    edge = {
        "xref": axes["xaxis"],
        "yref": axes["yaxis"],
        "x0": iso(grid.first - timedelta(days=4)),
        "x1": iso(grid.last + timedelta(days=4)),
    }
    shapes = band_and_centre(limits_of(weeks), mode=mode, place=edge)
    complete = known.filter(~pl.col("running"))
    last = (complete if complete.height else known).tail(1).row(0, named=True)
    value = written(last["value"], measure.unit)
    strong = panel.signal(weeks)
    label = words_at(
        f"<b>{value}</b>" if strong else value,
        x=iso(known["week_start"][-1]),
        y=last["value"],
        xshift=9,
        font={"color": colour.text if strong else colour.muted},
        **place,
    )
    return traces, shapes, label


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
