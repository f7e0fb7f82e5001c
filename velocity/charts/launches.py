"""Two weeks of launches with one column per day: days only, never times of day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, cast

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, iso, key, safe, words_at
from velocity.charts.marks import dots, hover, marker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from velocity.theme import Mode, Tokens

_LANE, _TOP, _BOTTOM = 12, 28, 24
#: More would not leave room on a screen for the rest of the sheet.
_MOST_LANES = 6
_DAY = timedelta(days=1)
#: Where in the column of its day a launch begins, a result comes, and the next launch is.
_BEGINS, _RESULT, _NEXT = 0.08, 0.6, 0.94
_FAILED = ("failure", "false_start")
_THICK, _THIN = 0.56, 0.16


def draw_launches(
    rows: Sequence[Mapping[str, Any]], *, first: date, last: date, mode: Mode, title: str
) -> Chart:
    """Bars from launch to result, thin lines from result to next launch, crosses for failures.

    Where a mark begins within the column of its day says nothing. A dotted line still waits.

    - `rows`: `experiment_id`, `label`, `outcome`, `loop_status`, and the local days `launched`,
      `result` and `next` (null if there is none); in order of launch.
    - `first`, `last`: the days shown. Rows that touch none of them are left out.
    """
    shown = [row for row in rows if row["launched"] <= last and _touches(row, first)]
    lanes, left_out = _packed(shown, last)
    count = max((lane for lane, _ in lanes), default=0) + 1
    canvas = Canvas(title, mode, _TOP + _BOTTOM + _LANE * count, (4, 4, _TOP, _BOTTOM))
    if not lanes:
        return canvas.blank("No launch in these two weeks")
    colour = canvas.colour
    entries = [
        ("■", colour.machine, "launch to result"),
        ("━", colour.reaction, "result to next launch (dotted: still waiting)"),
        ("✕", colour.failed, "failed"),
    ]
    if left_out:
        entries.append(("+", colour.muted, f"{formats.count(left_out)} not drawn"))
    layout: Part = {
        "shapes": [*_columns(first, last, colour)],
        "annotations": [key(entries)],
        "xaxis": _days(first, last),
        "yaxis": {"visible": False, "range": [count - 0.4, -0.6]},
    }
    for lane, row in lanes:
        layout["shapes"] += _marks(row, lane, last, colour)
    waiting = [(lane, row) for lane, row in lanes if _waits(row)]
    layout["annotations"] += [_name(lane, row, last) for lane, row in waiting if lane == 0]
    failures = [(lane, row) for lane, row in lanes if row["outcome"] in _FAILED and row["result"]]
    # Dots without colour carry the words, and what a click chooses.
    traces = [
        dots(
            [_at(row["launched"], (_BEGINS + _RESULT) / 2) for _, row in lanes],
            [lane for lane, _ in lanes],
            marker(None, 13),
            [[_words(row), row["experiment_id"]] for _, row in lanes],
        )
    ]
    if failures:
        edge = {"width": 1, "color": colour.bg}
        cross = {"symbol": "x", "color": colour.failed, "size": 10, "line": edge}
        traces.append(
            dots(
                [_at(row["result"], _RESULT) for _, row in failures],
                [lane for lane, _ in failures],
                cross,
                [[_words(row), row["experiment_id"]] for _, row in failures],
            )
        )
    failed = len(failures)
    alt = (
        f", {formats.span(first, last)}: {formats.plural(len(shown), 'experiment')}, "
        f"{failed} failed, {len(waiting)} with a result that waits."
    )
    if left_out:
        alt = f"{alt[:-1]}; {formats.plural(left_out, 'launch')} not drawn."
    return canvas.chart(traces, layout, alt)


def _waits(row: Mapping[str, Any]) -> bool:
    return bool(row["loop_status"] == "awaiting")


def _touches(row: Mapping[str, Any], first: date) -> bool:
    """Whether anything of a row is to be seen from the first day on."""
    if row["result"] is None or _waits(row):
        return True
    return bool(row["result"] >= first or (row["next"] is not None and row["next"] > first))


def _end(row: Mapping[str, Any], last: date) -> date:
    """The last day that a row touches."""
    if row["result"] is None or _waits(row):
        return last
    return cast("date", row["next"] or row["result"])


def _packed(
    rows: Sequence[Mapping[str, Any]], last: date
) -> tuple[list[tuple[int, Mapping[str, Any]]], int]:
    """Each row with the first lane that is free on its days, and how many have none.

    The latest result that waits comes first: it is what the chart is for, and the first lane has
    room for its name.
    """
    top = next((at for at in reversed(range(len(rows))) if _waits(rows[at])), None)
    order = [*([] if top is None else [top]), *(at for at in range(len(rows)) if at != top)]
    taken: list[list[tuple[date, date]]] = []
    placed: dict[int, int] = {}
    for at in order:
        first, end = rows[at]["launched"], _end(rows[at], last)
        free = (
            lane
            for lane, spans in enumerate(taken)
            if all(end < begun or ended < first for begun, ended in spans)
        )
        lane = next(free, len(taken))
        if lane < _MOST_LANES:
            taken[lane:] = taken[lane:] or [[]]
            taken[lane].append((first, end))
            placed[at] = lane
    return [(placed[at], rows[at]) for at in sorted(placed)], len(rows) - len(placed)


def _at(day: date, part: float) -> str:
    """A place in the column of a day."""
    minutes = round(part * 24 * 60)
    return f"{iso(day)} {minutes // 60:02}:{minutes % 60:02}"


def _columns(first: date, last: date, colour: Tokens) -> list[Part]:
    """A line between every two days."""
    return [
        {
            "type": "line",
            "x0": iso(first + at * _DAY),
            "x1": iso(first + at * _DAY),
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "layer": "below",
            "line": {"width": 1, "color": colour.border},
        }
        for at in range((last - first).days + 2)
    ]


def _days(first: date, last: date) -> Part:
    days = [first + at * _DAY for at in range((last - first).days + 1)]
    return {
        "type": "date",
        "range": [iso(first), iso(last + _DAY)],
        "tickvals": [_at(it, 0.5) for it in days],
        "ticktext": [formats.weekday(it) for it in days],
        "showgrid": False,
    }


def _marks(row: Mapping[str, Any], lane: int, last: date, colour: Tokens) -> list[Part]:
    result, upcoming = row["result"], row["next"]
    end = iso(last + _DAY) if result is None else _at(result, _RESULT)
    bar = {
        "type": "rect",
        "x0": _at(row["launched"], _BEGINS),
        "x1": end,
        "y0": lane - _THICK / 2,
        "y1": lane + _THICK / 2,
        "fillcolor": colour.machine,
        "line": {"width": 0},
        "layer": "below",  # the crosses of failures lie on it
    }
    if result is None or (upcoming is None and not _waits(row)):
        return [bar]
    if upcoming is None:
        until = iso(last + _DAY)
    else:
        until = _at(upcoming, _NEXT if upcoming == result else _BEGINS)
    wait = {"width": 2.5, "color": colour.reaction, "dash": "dot" if _waits(row) else "solid"}
    line = {"type": "line", "x0": end, "x1": until, "y0": lane, "y1": lane, "line": wait}
    return [bar, line | {"layer": "below"}]


def _name(lane: int, row: Mapping[str, Any], last: date) -> Part:
    words = f"<b>{safe(row['label'], 20)}</b>, {_what(row)} {formats.dated(row['result'])}"
    place = {"xref": "x", "yref": "y", "xanchor": "right", "yanchor": "bottom", "yshift": 4}
    return words_at(words, x=_at(last, 0.99), y=lane, **place)


def _what(row: Mapping[str, Any]) -> str:
    return "failed" if row["outcome"] in _FAILED else "result"


def _words(row: Mapping[str, Any]) -> str:
    lines = [f"<b>{safe(row['label'])}</b>", f"launched {formats.dated(row['launched'])}"]
    if row["result"] is None:
        lines.append("no result yet")
    else:
        lines.append(f"{_what(row)} {formats.dated(row['result'])}")
        if row["next"] is not None:
            lines.append(f"next launch {formats.dated(row['next'])}")
        elif _waits(row):
            lines.append("nothing launched since")
    return hover(*lines)
