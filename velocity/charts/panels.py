"""Weeks of one measure, one panel per stream, each on its own range."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from types import MappingProxyType

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, day_ticks, iso
from velocity.charts.marks import box, dots, line, marker
from velocity.charts.weeks import Event, ranged, room_below, shift_dots, triangles, week_words
from velocity.charts.words import INK, MUTED, Part, bold, safe, words_at
from velocity.theme import LIGHT

#: The height of a panel with the room around it, px.
ROW = 76
_TOP, _BOTTOM, _LEFT, _RIGHT = 4, 26, 122, 76
#: Room at the left without names.
_LEFT_UNNAMED = 58
#: The part of a row that its panel takes.
_FILLED = 0.68
_ROOM = 0.1
_EDGE = timedelta(days=3)
#: From so many hours on, a limit is written without minutes.
_LONG_H = 10


def draw_panels(
    frame: pl.DataFrame,
    *,
    groups: Mapping[str, str],
    unit: str,
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
    canvas = Canvas(title, height, (left, _RIGHT, _TOP, _BOTTOM + room))
    by_group = {
        group: frame.filter(group_id=group).drop_nulls("value").sort("week_start").to_dicts()
        for group in groups
    }
    weeks = sorted({row["week_start"] for rows in by_group.values() for row in rows})
    if not weeks:
        return canvas.blank("Not known in any week")
    panels = [_Panel(at, len(groups), by_group[group], unit) for at, group in enumerate(groups)]
    shapes, notes, said = [], [], []
    for panel, (group, name) in zip(panels, groups.items(), strict=True):
        shapes += panel.band(weeks)
        notes += panel.notes(name, [it for it in events.get(group, ()) if it.week in weeks])
        said.append(f"{formats.label(name)} {panel.said()}".strip())
    layout: Part = {
        "annotations": notes,
        "shapes": shapes,
        "xaxis": {
            "type": "date",
            "range": [iso(weeks[0] - _EDGE), iso(weeks[-1] + _EDGE)],
            "anchor": panels[-1].axis,
            "ticklabelstandoff": room,
            **day_ticks(weeks[0], weeks[len(weeks) // 2], weeks[-1]),
        },
        **{f"yaxis{panel.axis[1:]}": panel.layout() for panel in panels},
    }
    traces = [trace for panel in panels for trace in panel.traces()]
    days = formats.span(weeks[0], weeks[-1] + timedelta(days=6))
    return canvas.chart(traces, layout, f", {days}: {'; '.join(said)}.")


class _Panel:
    """One row: the weeks of a group, on an axis of its own."""

    def __init__(self, at: int, rows: int, weeks: list[Part], unit: str) -> None:
        self._weeks, self._unit = weeks, unit
        self._whole = [row for row in weeks if not row["running"]]
        #: The latest whole week, and its own figure if it is beyond the range.
        self._latest = self._whole[-1] if self._whole else None
        self._shift = self._of_whole(self._latest) if self._latest else ""
        self._phases = [[*rows] for _, rows in groupby(weeks, lambda row: row["phase"])]
        self._log = unit == "hours" and all(row["value"] > 0 for row in weeks)
        self.axis = f"y{at + 1}" if at else "y"
        top, gap = 1 - at / rows, (1 - _FILLED) / 2
        self._domain = [max(0.0, top - (1 - gap) / rows), top - gap / rows]
        self._low: float | None = weeks[-1]["limit_low"] if weeks else None
        self._high: float | None = weeks[-1]["limit_high"] if weeks else None
        if self._low == self._high:
            # A range of one value is a line along its foot: it would say the same limit twice.
            self._low = self._high = None

    def _at(self, value: float) -> float:
        """A value as shapes and annotations place it."""
        return math.log10(value) if self._log and value > 0 else value

    def _usual(self, before: str) -> str:
        return ranged(self._low, self._high, self._unit, before)

    def _of_whole(self, row: Part) -> str:
        """The figure of a shift, which is of the whole week; "" if the week is none."""
        whole = row["value"] if row.get("whole") is None else row["whole"]
        return formats.figure(whole, self._unit) if row["signal"] else ""

    def layout(self) -> Part:
        """The axis of values."""
        places = [self._at(row["value"]) for row in self._weeks]
        places += [self._at(it) for it in (self._low, self._high) if it]
        low, high = (min(places), max(places)) if places else (0.0, 1.0)
        room = (high - low) * _ROOM or abs(high) * _ROOM or 1.0
        return {
            "type": "log" if self._log else "linear",
            "range": [low - room, high + room],
            "domain": self._domain,
            "anchor": "x",
            "showgrid": False,
            "showticklabels": False,
        }

    def band(self, weeks: list[date]) -> list[Part]:
        if self._low is None or self._high is None:
            return []
        low = self._low or (min(row["value"] for row in self._weeks) / 2 if self._log else 0)
        begin = self._phases[-1][0]["week_start"] if len(self._phases) > 1 else weeks[0]
        across = iso(begin - _EDGE), iso(weeks[-1] + _EDGE)
        return [box(across, (low, self._high), LIGHT.band, xref="x", yref=self.axis)]

    def notes(self, name: str, events: Sequence[Event]) -> list[Part]:
        """The name and the limits at the left, the latest value at the right, a latest shift."""
        middle = sum(self._domain) / 2
        left: Part = {"x": 0, "xanchor": "left"}
        named = bold(safe(name, 9))
        notes = [words_at(named, y=middle, xshift=-_LEFT + 2, font=INK, **left)] if name else []
        marks = triangles(events, place=iso, axis=self.axis)
        if not self._weeks:
            return [*notes, words_at("no value", y=middle, font=MUTED, **left), *marks]
        last, latest = self._weeks[-1], self._latest
        own: Part = {"yref": self.axis}
        value, at = bold(formats.figure(last["value"], self._unit)), self._at(last["value"])
        look: Part = {"xanchor": "left", "xshift": 6, "align": "left", "font": INK}
        if latest is last and self._shift not in {"", formats.figure(last["value"], self._unit)}:
            # The point is of some days of its week, and the shift of all of them.
            whole = f"whole week<br>{self._shift}"
            value += f'<br><span style="color:{LIGHT.accent}">{whole}</span>'
            if at > sum(self.layout()["range"]) / 2:
                look |= {"yanchor": "top", "yshift": 9}
        notes.append(words_at(value, x=1, y=at, **look, **own))
        if self._low is not None and self._high is not None:
            ends = _short(self._low, self._high, self._unit)
            for text, y, side in zip(ends, (0.0, 1.0), ("bottom", "top"), strict=True):
                place = {"xanchor": "right", "xshift": -6, "yanchor": side}
                within = {"yref": f"{self.axis} domain"}
                notes.append(words_at(text, x=0, y=y, **place, **within))
        if latest is not None and latest is not last and self._shift:
            place = {"xref": "x", "xanchor": "right", "xshift": -9}
            x, y, shift = iso(latest["week_start"]), self._at(latest["value"]), LIGHT.accent
            notes.append(words_at(self._shift, x=x, y=y, font={"color": shift}, **place, **own))
        return notes + marks

    def traces(self) -> list[Part]:
        """The weeks as lines, open points and diamonds."""
        style = {"color": LIGHT.series, "width": 1.75}
        running = [row for row in self._weeks if row["running"]]
        drawn: list[tuple[Callable[..., Part], list[Part], Part]] = [
            *((line, [row for row in it if not row["running"]], style) for it in self._phases),
            # A line of one week is nothing that one can see.
            (dots, self._whole if len(self._whole) == 1 else [], marker(LIGHT.series, 6)),
            (line, [*self._whole[-1:], *running] if running else [], style | {"dash": "dot"}),
            (dots, running, marker(LIGHT.bg, 8, LIGHT.series)),
            *((dots, *it) for it in shift_dots(self._whole, self._latest)),
        ]
        return [self._trace(*it) for it in drawn if it[1]]

    def _trace(self, draw: Callable[..., Part], rows: list[Part], look: Part) -> Part:
        days, values = ([row[name] for row in rows] for name in ("week_start", "value"))
        shifts = [self._of_whole(row) for row in rows]
        beyond = [f"whole week {it}, beyond its usual range" if it else "" for it in shifts]
        usual = self._usual("usual ")
        words = [
            week_words(row, self._unit, usual, it) for row, it in zip(rows, beyond, strict=True)
        ]
        return draw(days, values, look, words, yaxis=self.axis)

    def said(self) -> str:
        """The latest value and how it lies, in words."""
        if not self._weeks:
            return "no value"
        last, usual, shift = self._weeks[-1], self._usual(", usual "), ""
        so_far = " so far" if last["running"] else ""
        if usual and self._latest and self._shift:
            week = formats.week(self._latest["week_start"])
            shift = f", {self._shift} in the {week} was beyond it"
        return f"{formats.figure(last['value'], self._unit)}{so_far}{usual}{shift}"


def _short(low: float, high: float, unit: str) -> Sequence[str]:
    """The limits in figures, short: "3 h 24 m" and "13 h", "94 %", "68"."""
    if unit == "share":  # "over 99 %" would not fit beside the panel
        return [f"{round(it * 100)}{formats.NBSP}%" for it in (low, high)]
    if unit == "hours":
        return [
            formats.hours_sum(it) if it >= _LONG_H else formats.duration(it) for it in (low, high)
        ]
    return formats.ends(low, high, unit)
