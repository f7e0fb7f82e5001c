"""On which day the credits of each stream run out, and what that day was a week before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, iso, key, safe, words_at
from velocity.charts.marks import dots, hover, line, marker

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from velocity.theme import Mode, Tokens

_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT = 22, 36, 24, 64, 78
#: The height of the other tiles, which have as many px for their plot.
_LEAST = 182
#: Ticks after today; fewer if the words have years.
_TICKS, _TICKS_OF_YEARS = 3, 2


def draw_ends(
    frame: pl.DataFrame, *, today: date, mode: Mode, title: str, row_height: int = _ROW
) -> Chart:
    """A line from today to the day on which the credits end, one row per stream.

    - `frame`: in the order to show; `name` (str), `runs_out_on` (date, null if the credits do not
      end at this pace), `seen_before` (date, the forecast a week before, null without one).
    - `today`: where the lines begin.
    """
    height = max(_LEAST, _TOP + _BOTTOM + row_height * frame.height)
    canvas = Canvas(title, mode, height, (_LEFT, _RIGHT, _TOP, _BOTTOM))
    rows = frame.to_dicts()
    ends = [row["runs_out_on"] for row in rows if row["runs_out_on"] is not None]
    if not ends:
        return canvas.blank("No stream has credits that run out at this pace")
    colour, first = canvas.colour, min(ends)
    seen = [row["seen_before"] for row in rows if row["seen_before"] is not None]
    far = max([*ends, *seen, today + timedelta(days=14)])
    layout: Part = {
        "annotations": [
            key(
                [("●", colour.series, "runs out"), ("|", colour.faint, "as seen a week before")],
                x=-_LEFT + 2,
                lift=14,
            ),
            *(part for at, row in enumerate(rows) for part in _ends(at, row, today, first, colour)),
        ],
        "xaxis": _axis(today, far, colour),
        "yaxis": {"visible": False, "range": [len(rows) - 0.5, -0.5]},
    }
    traces = [part for at, row in enumerate(rows) for part in _row(at, row, today, first, colour)]
    return canvas.chart(traces, layout, _alt(rows, today))


def _axis(today: date, far: date, colour: Tokens) -> Part:
    most = _TICKS if far.year == today.year else _TICKS_OF_YEARS
    step = max(1, (far - today).days // (7 * most)) * 7
    days = [today + timedelta(days=step * at) for at in range(most + 1)]
    days = [day for day in days if day <= far]
    return {
        "type": "date",
        "range": [iso(today), iso(far + (far - today) * 0.06)],
        "tickvals": [iso(day) for day in days],
        "ticktext": ["today", *(formats.day_ahead(day, today) for day in days[1:])],
        "showgrid": True,
        "gridcolor": colour.grid,
    }


def _row(at: int, row: Part, today: date, first: date, colour: Tokens) -> list[Part]:
    end, seen = row["runs_out_on"], row["seen_before"]
    words = hover(f"<b>{safe(row['name'])}</b>", _said(row, today))
    traces: list[Part] = []
    if end is not None:
        style = {"color": colour.series, "width": 3 if end == first else 1.75}
        traces.append(line([today, end], [at, at], style))
    if seen is not None:
        tick = {"symbol": "line-ns", "size": 15, "line": {"width": 2, "color": colour.faint}}
        traces.append(dots([seen], [at], tick, [words]))
    if end is not None:
        traces.append(dots([end], [at], marker(colour.series, 9), [words]))
    return traces


def _ends(at: int, row: Part, today: date, first: date, colour: Tokens) -> list[Part]:
    """The name at the left and the date at the right, bold for the first to run out."""
    end = row["runs_out_on"]
    strong = end is not None and end == first
    font = {"color": colour.text if strong else colour.muted}
    place: Part = {"y": at, "yref": "y", "font": font}
    date_words = formats.day_ahead(end, today) if end is not None else "no end"
    words = safe(row["name"], 9), date_words
    name, when = (f"<b>{it}</b>" if strong else it for it in words)
    return [
        words_at(name, x=0, xanchor="left", xshift=-_LEFT + 2, **place),
        words_at(when, x=1, xanchor="right", xshift=_RIGHT - 2, **place),
    ]


def _said(row: Part, today: date) -> str:
    end, seen = row["runs_out_on"], row["seen_before"]
    words = f"runs out {formats.ahead(end, today)}" if end is not None else "no end at this pace"
    return (
        words if seen is None else f"{words}; seen a week before: {formats.day_ahead(seen, today)}"
    )


def _alt(rows: list[Part], today: date) -> str:
    said = "; ".join(f"{formats.label(row['name'])} {_said(row, today)}" for row in rows)
    return f" from {formats.dated(today)}: {said}."
