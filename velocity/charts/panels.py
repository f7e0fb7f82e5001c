"""Weeks of one measure, one panel per stream, each on its own range."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, day_ticks, iso, safe, words_at
from velocity.charts.events import room_below, triangles
from velocity.charts.marks import dots, hover, line, marker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl

    from velocity.charts.events import Event
    from velocity.theme import Mode, Tokens

#: The height of a panel with the room around it, px.
ROW = 76
_TOP, _BOTTOM, _LEFT, _RIGHT = 4, 26, 122, 76
#: The part of a row that its panel takes.
_FILLED = 0.68
_ROOM = 0.1
_EDGE = timedelta(days=3)
_NAME, _LIMIT = -_LEFT + 2, -6
#: Room at the left without names.
_LEFT_UNNAMED = 58


def draw_panels(
    frame: pl.DataFrame,
    *,
    groups: Mapping[str, str],
    unit: str,
    mode: Mode,
    title: str,
    events: Mapping[str, Sequence[Event]] = MappingProxyType({}),
    row_height: int = ROW,
) -> Chart:
    """One panel per group: its weeks on the band of its own usual range, which always fills it.

    The open point at the end is the running week; a diamond is a whole week beyond the range,
    filled if it is the latest whole week.

    - `frame`: rows of `reads.weekly` or `reads.to_date` of one measure; times are on a log axis.
      `whole` is the value of the whole week, if `value` is only of some of its days.
    - `groups`: id -> name of the groups to draw, in order; "" leaves out the name.
    - `unit`: of the values.
    - `events`: id -> what happened to the group. Where a phase begins, line and band break.
    - `row_height`: of a group, px.
    """
    room = room_below([it for group in groups for it in events.get(group, ())])
    height = _TOP + _BOTTOM + room + row_height * max(len(groups), 1)
    left = _LEFT if any(groups.values()) else _LEFT_UNNAMED
    canvas = Canvas(title, mode, height, (left, _RIGHT, _TOP, _BOTTOM + room))
    by_group = {
        group: [
            row
            for row in frame.filter(group_id=group).sort("week_start").to_dicts()
            if row["value"] is not None
        ]
        for group in groups
    }
    weeks = sorted({row["week_start"] for rows in by_group.values() for row in rows})
    if not weeks:
        return canvas.blank("No week yet")
    layout: Part = {"annotations": [], "shapes": [], "xaxis": _weeks(weeks, len(groups), room)}
    traces: list[Part] = []
    said: list[str] = []
    for at, (group, name) in enumerate(groups.items()):
        panel = _Panel(at, len(groups), by_group[group], unit, canvas.colour)
        layout |= panel.axis()
        layout["shapes"] += panel.band(weeks)
        layout["annotations"] += [*([panel.name(name)] if name else []), *panel.figures()]
        known = [it for it in events.get(group, ()) if it.week in weeks]
        layout["annotations"] += panel.triangles(known)
        traces += panel.traces()
        said.append(f"{formats.label(name)} {panel.said()}".strip())
    return canvas.chart(
        traces,
        layout,
        f", {formats.span(weeks[0], weeks[-1] + timedelta(days=6))}: {'; '.join(said)}.",
    )


def _weeks(weeks: list[date], rows: int, room: int) -> Part:
    shown = {weeks[0], weeks[len(weeks) // 2], weeks[-1]}
    return {
        "type": "date",
        "range": [iso(weeks[0] - _EDGE), iso(weeks[-1] + _EDGE)],
        "anchor": f"y{rows}" if rows > 1 else "y",
        "ticklabelstandoff": room,
        **day_ticks(*shown),
    }


class _Panel:
    """One row: the weeks of a group, on an axis of its own."""

    def __init__(self, at: int, rows: int, weeks: list[Part], unit: str, colour: Tokens) -> None:
        self._weeks, self._unit, self._colour = weeks, unit, colour
        self._log = unit == "hours" and all(row["value"] > 0 for row in weeks)
        self._axis = f"y{at + 1}" if at else "y"
        top = 1 - at / rows
        self._domain = [
            max(0.0, top - (1 - (1 - _FILLED) / 2) / rows),
            top - (1 - _FILLED) / 2 / rows,
        ]
        limits: tuple[float | None, float | None] = next(
            ((row["limit_low"], row["limit_high"]) for row in reversed(weeks)), (None, None)
        )
        # A range of one value is a line along its foot: it would say the same limit twice.
        self._low, self._high = limits if limits[0] != limits[1] else (None, None)

    def _at(self, value: float) -> float:
        """A value as shapes and annotations place it."""
        return math.log10(value) if self._log and value > 0 else value

    def axis(self) -> Part:
        places = [self._at(row["value"]) for row in self._weeks]
        places += [self._at(it) for it in (self._low, self._high) if it]
        low, high = (min(places), max(places)) if places else (0.0, 1.0)
        room = (high - low) * _ROOM or abs(high) * _ROOM or 1.0
        return {
            f"yaxis{self._axis[1:]}": {
                "type": "log" if self._log else "linear",
                "range": [low - room, high + room],
                "domain": self._domain,
                "anchor": "x",
                "showgrid": False,
                "showticklabels": False,
            }
        }

    def band(self, weeks: list[date]) -> list[Part]:
        if self._low is None or self._high is None:
            return []
        low = self._low or (min(row["value"] for row in self._weeks) / 2 if self._log else 0)
        begin = self._phases[-1][0]["week_start"] if len(self._phases) > 1 else weeks[0]
        across = {"xref": "x", "x0": iso(begin - _EDGE), "x1": iso(weeks[-1] + _EDGE)}
        place = {"yref": self._axis, "y0": low, "y1": self._high, "layer": "below"}
        fill = {"fillcolor": self._colour.band, "line": {"width": 0}}
        return [{"type": "rect", **across, **place, **fill}]

    @property
    def _phases(self) -> list[list[Part]]:
        """The weeks, phase by phase."""
        return [[*rows] for _, rows in groupby(self._weeks, lambda row: row["phase"])]

    def triangles(self, events: Sequence[Event]) -> list[Part]:
        return triangles(events, place=lambda it: it, axis=self._axis, colour=self._colour)

    def name(self, name: str) -> Part:
        ink = {"color": self._colour.text}
        place: Part = {"xanchor": "left", "xshift": _NAME, "font": ink}
        return words_at(f"<b>{safe(name, 9)}</b>", x=0, y=sum(self._domain) / 2, **place)

    def figures(self) -> list[Part]:
        """The limits at the left, the latest value at the right, and that of a latest shift."""
        if not self._weeks:
            place: Part = {"xanchor": "left", "font": {"color": self._colour.muted}}
            return [words_at("no value", x=0, y=sum(self._domain) / 2, **place)]
        last = self._weeks[-1]
        ink = {"color": self._colour.text}
        beside = {"xref": "paper", "xanchor": "left", "xshift": 6, "yref": self._axis, "font": ink}
        value = formats.figure(last["value"], self._unit)
        said = [words_at(f"<b>{value}</b>", x=1, y=self._at(last["value"]), **beside)]
        for limit, anchor in ((self._low, "bottom"), (self._high, "top")):
            if limit is not None:
                place = {
                    "xanchor": "right",
                    "xshift": _LIMIT,
                    "yref": f"{self._axis} domain",
                    "yanchor": anchor,
                }
                said.append(
                    words_at(_short(limit, self._unit), x=0, y=float(anchor == "top"), **place)
                )
        latest = self._latest
        if latest is not None and latest["signal"] and latest is not last:
            place = {"xref": "x", "yref": self._axis, "xanchor": "right", "xshift": -9}
            words = formats.figure(_of_whole_week(latest), self._unit)
            shift = {"color": self._colour.accent}
            at = self._at(latest["value"])
            said.append(words_at(words, x=iso(latest["week_start"]), y=at, font=shift, **place))
        return said

    @property
    def _latest(self) -> Part | None:
        """The latest whole week."""
        return next((row for row in reversed(self._weeks) if not row["running"]), None)

    def traces(self) -> list[Part]:
        whole = [row for row in self._weeks if not row["running"]]
        running = [row for row in self._weeks if row["running"]]
        shifts = [row for row in whole if row["signal"]]
        style: Part = {"color": self._colour.series, "width": 1.75}
        phases = [[row for row in rows if not row["running"]] for rows in self._phases]
        traces = [self._line(rows, style) for rows in phases if rows]
        if len(whole) == 1:  # a line of one week is nothing that one can see
            traces.append(self._dots(whole, marker(self._colour.series, 6)))
        if running:
            traces.append(self._line([*whole[-1:], *running], style | {"dash": "dot"}))
            traces.append(self._dots(running, marker(self._colour.bg, 8, self._colour.series)))
        for rows, fill, edge in (
            (
                [row for row in shifts if row is not self._latest],
                self._colour.bg,
                self._colour.accent,
            ),
            ([row for row in shifts if row is self._latest], self._colour.accent, self._colour.bg),
        ):
            if rows:
                traces.append(self._dots(rows, {"symbol": "diamond", **marker(fill, 10, edge)}))
        return traces

    def _line(self, rows: list[Part], style: Part) -> Part:
        days, values = [row["week_start"] for row in rows], [row["value"] for row in rows]
        return line(days, values, style, [self._hover(row) for row in rows], yaxis=self._axis)

    def _dots(self, rows: list[Part], look: Part) -> Part:
        days, values = [row["week_start"] for row in rows], [row["value"] for row in rows]
        return dots(days, values, look, [self._hover(row) for row in rows], yaxis=self._axis)

    def _hover(self, row: Part) -> str:
        so_far = ", so far" if row["running"] else ""
        lines = [
            f"{formats.week(row['week_start'])}{so_far}",
            f"<b>{formats.figure(row['value'], self._unit)}</b>",
        ]
        if self._low is not None:
            low, high = (formats.figure(it, self._unit) for it in (self._low, self._high))
            lines.append(f"usual {low} to {high}")
        if row["signal"]:
            value = formats.figure(_of_whole_week(row), self._unit)
            lines.append(f"whole week {value}, beyond its usual range")
        return hover(*lines)

    def said(self) -> str:
        """The latest value and how it lies, in words."""
        if not self._weeks:
            return "no value"
        last = self._weeks[-1]
        words = formats.figure(last["value"], self._unit)
        if last["running"]:
            words += " so far"
        if self._low is None:
            return words
        low, high = (formats.figure(it, self._unit) for it in (self._low, self._high))
        words += f", usual {low} to {high}"
        latest = self._latest
        if latest is not None and latest["signal"]:
            value = formats.figure(_of_whole_week(latest), self._unit)
            words += f", {value} in the {formats.week(latest['week_start'])} was beyond it"
        return words


def _of_whole_week(row: Part) -> float:
    whole: float | None = row.get("whole")
    return row["value"] if whole is None else whole


def _short(value: float, unit: str) -> str:
    """A limit in figures, short: "13 h", "3 h 24 m", "94 %", "68"."""
    if unit == "hours" and value >= 10:  # noqa: PLR2004
        return formats.hours_sum(value)
    # "over 99 %" would not fit beside the panel.
    return (
        f"{round(value * 100)}{formats.NBSP}%" if unit == "share" else formats.figure(value, unit)
    )
