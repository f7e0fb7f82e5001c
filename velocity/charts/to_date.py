"""A figure through each day of a week or period, against the same days before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, key, padded, value_axis, words_at
from velocity.charts.marks import dots, hover, line, marker

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from velocity.theme import Mode, Tokens

_HEIGHT, _MARGIN = 182, (46, 22, 36, 24)
#: With more days, only some of them have a tick.
_TICKS_OF_ALL = 7
_EDGE = 0.25
#: Words below a point in this part of the plot would lie on the axis.
_FOOT = 0.15


def draw_to_date(
    frame: pl.DataFrame, *, mode: Mode, title: str, unit: str, these: str, those: str
) -> Chart:
    """The figure of the days so far through each day, so that its last point is the figure itself.

    - `frame`: one row per day, in order; `tick` (str, its name), `value`, `before` (float of
      `unit`, null if not known or not yet over), `low`, `high` (usual range, null without one).
    - `unit`: of the values; counts begin at 0.
    - `these`, `those`: the days of `value` and of `before`, in short; "" without days before.
    """
    canvas = Canvas(title, mode, _HEIGHT, _MARGIN)
    rows = frame.to_dicts()
    known = [at for at, row in enumerate(rows) if row["value"] is not None]
    if not known:
        return canvas.blank("Nothing to draw yet")
    last, colour = known[-1], canvas.colour
    traces = _band(rows, colour)
    traces += _before(rows, last, unit, colour, those)
    traces += _now(rows, last, unit, colour, these)
    low, high = padded(
        (row[name] for row in rows for name in ("value", "before", "low", "high")), by=0.12
    )
    low = 0 if unit == "count" else low
    entries = [("━", colour.series, these)]
    if those:
        entries.append(("━", colour.faint, those))
    if any(row["low"] is not None for row in rows):
        entries.append(("■", colour.border, "usual"))
    layout: Part = {
        "annotations": [
            key(entries, x=-40, lift=14),
            *_values(rows, last, unit, colour, foot=low + _FOOT * (high - low)),
        ],
        "xaxis": _days(rows),
        "yaxis": value_axis(low, high, unit),
    }
    return canvas.chart(traces, layout, _alt(rows, last, unit, these, those))


def _days(rows: Sequence[Part]) -> Part:
    every = 1 if len(rows) <= _TICKS_OF_ALL else _TICKS_OF_ALL
    at = [place for place in range(len(rows)) if every == 1 or (place + 1) % every == 0]
    ticks = {"tickvals": at, "ticktext": [rows[place]["tick"] for place in at]}
    return {"type": "linear", "range": [-_EDGE, len(rows) - 1 + _EDGE], **ticks}


def _band(rows: Sequence[Part], colour: Tokens) -> list[Part]:
    inside = [at for at, row in enumerate(rows) if row["low"] is not None]
    if not inside:
        return []
    edge = [rows[at]["low"] for at in inside] + [rows[at]["high"] for at in reversed(inside)]
    fill = {"fill": "toself", "fillcolor": colour.band}
    return [line([*inside, *reversed(inside)], edge, {"width": 0}, **fill)]


def _before(rows: Sequence[Part], last: int, unit: str, colour: Tokens, those: str) -> list[Part]:
    values = [row["before"] for row in rows]
    if all(value is None for value in values):
        return []
    words = _words(rows, "before", unit, those)
    style: Part = {"color": colour.faint, "width": 1.75}
    places = range(len(rows))
    traces = [line(places[: last + 1], values[: last + 1], style, words[: last + 1])]
    if last + 1 < len(rows):
        traces.append(line(places[last:], values[last:], style | {"dash": "dot"}, words[last:]))
    ring = marker(colour.bg, 8, colour.faint)
    return [*traces, dots([last], [values[last]], ring, [words[last]])]


def _now(rows: Sequence[Part], last: int, unit: str, colour: Tokens, these: str) -> list[Part]:
    words = _words(rows, "value", unit, these)[: last + 1]
    values = [row["value"] for row in rows][: last + 1]
    style = {"color": colour.series, "width": 2.25}
    ends = dots([last], [values[last]], marker(colour.series, 9), [words[last]])
    return [line(range(last + 1), values, style, words, connectgaps=False), ends]


def _words(rows: Sequence[Part], column: str, unit: str, days: str) -> list[str]:
    found = []
    for row in rows:
        lines = [f"{row['tick']}, {days}", f"<b>{formats.figure(row[column], unit)}</b> to date"]
        if row["low"] is not None:
            low, high = (formats.figure(row[end], unit) for end in ("low", "high"))
            lines.append(f"usual {low} to {high}")
        found.append(hover(*lines))
    return found


def _values(
    rows: Sequence[Part], last: int, unit: str, colour: Tokens, *, foot: float
) -> list[Part]:
    """The last value, and that of the same day before: the higher one above its point.

    The lower one is beside its point, up to the value `foot`.
    """
    now, before = rows[last]["value"], rows[last]["before"]
    above = before is None or now >= before
    # Near an edge the words would leave the plot.
    anchor = "right" if last == len(rows) - 1 else "center"
    place: dict[str, Any] = {"x": last, "xref": "x", "yref": "y", "xanchor": anchor}
    up: Part = {"yanchor": "bottom", "yshift": 6}
    down: Part = {"yanchor": "top", "yshift": -6}
    beside: Part = {"yanchor": "bottom", "xanchor": "right", "xshift": -7}
    ink = {"color": colour.text}

    def below(value: float) -> Part:
        return beside if value < foot else down

    said = [
        words_at(
            f"<b>{formats.figure(now, unit)}</b>",
            y=now,
            font=ink,
            **(place | (up if above else below(now))),
        )
    ]
    if before is not None:
        side = below(before) if above else up
        said.append(words_at(formats.figure(before, unit), y=before, **(place | side)))
    return said


def _alt(rows: Sequence[Part], last: int, unit: str, these: str, those: str) -> str:
    row = rows[last]
    words = f", {these}: {formats.figure(row['value'], unit)} through {row['tick']}"
    if row["before"] is not None:
        words += f"; {formats.figure(row['before'], unit)} on the same days of {those}"
    if row["low"] is not None:
        low, high = (formats.figure(row[end], unit) for end in ("low", "high"))
        words += f"; usual range {low} to {high}"
    return f"{words}."
