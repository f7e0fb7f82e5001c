"""A figure through each day of a week or period, against the same days before."""

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, padded, value_axis
from velocity.charts.marks import dots, line, marker
from velocity.charts.weeks import ranged
from velocity.charts.words import INK, Part, bold, hover, key, words_at
from velocity.theme import LIGHT

#: With more days, only some of them have a tick.
_TICKS_OF_ALL = 7
_EDGE = 0.25
#: Words below a point in this part of the plot would lie on the axis.
_FOOT = 0.15


def draw_to_date(
    frame: pl.DataFrame, *, title: str, unit: str, these: str, those: str, narrow: bool = False
) -> Chart:
    """The figure of the days so far through each day, so that its last point is the figure itself.

    - `frame`: one row per day, in order; `tick` (str, its name), `value`, `before` (float of
      `unit`, null if not known or not yet over), `low`, `high` (usual range, null without one).
    - `unit`: of the values; counts begin at 0.
    - `these`, `those`: the days of `value` and of `before`, in short; "" without days before.
    - `narrow`: leaves out every second tick, for a picture that has little room for its words.
    """
    canvas = Canvas(title, 182, (46, 22, 36, 24))
    rows = frame.to_dicts()
    known = [at for at, row in enumerate(rows) if row["value"] is not None]
    if not known:
        return canvas.blank("Nothing to draw yet")
    last = known[-1]
    inside = [at for at, row in enumerate(rows) if row["low"] is not None]
    low, high = padded(
        (row[name] for row in rows for name in ("value", "before", "low", "high")), by=0.12
    )
    low = 0 if unit == "count" else low
    meanings = [("━", LIGHT.series, these)]
    meanings += [("━", LIGHT.faint, those)] if those else []
    meanings += [("■", LIGHT.border, "usual")] if inside else []
    # Words of the first and the last day of all begin or end there: others would leave the plot.
    anchor = "left" if last == 0 else "right" if last == len(rows) - 1 else "center"
    words = _words(rows[last], unit, anchor, foot=low + _FOOT * (high - low))
    every = 1 if len(rows) <= _TICKS_OF_ALL else _TICKS_OF_ALL
    ticks = range(every - 1, len(rows), every)
    ticks = ticks[::-2] if narrow else ticks
    layout: Part = {
        "annotations": [
            key(meanings, x=-44, lift=14),
            *(it | {"x": last} | ({} if at else {"font": INK}) for at, it in enumerate(words)),
        ],
        "xaxis": {
            "type": "linear",
            "range": [-_EDGE, len(rows) - 1 + _EDGE],
            "tickvals": [*ticks],
            "ticktext": [rows[at]["tick"] for at in ticks],
        },
        "yaxis": value_axis(low, high, unit),
    }
    traces: list[Part] = []
    if inside:
        edge = [rows[at]["low"] for at in inside] + [rows[at]["high"] for at in reversed(inside)]
        area = {"fill": "toself", "fillcolor": LIGHT.band}
        traces.append(line([*inside, *reversed(inside)], edge, {"width": 0}, **area))
    if any(row["before"] is not None for row in rows):
        traces += _before(rows, last, _hovers(rows, "before", unit, those))
    said = _hovers(rows, "value", unit, these)[: last + 1]
    values = [row["value"] for row in rows[: last + 1]]
    style = {"color": LIGHT.series, "width": 2.25}
    traces += [
        line(range(last + 1), values, style, said, connectgaps=False),
        dots([last], values[-1:], marker(LIGHT.series, 9), said[-1:]),
    ]
    now = rows[last]
    alt = f", {these}: {formats.figure(now['value'], unit)} through {now['tick']}"
    if now["before"] is not None:
        alt += f"; {formats.figure(now['before'], unit)} on the same days of {those}"
    usual = ranged(now["low"], now["high"], unit, "; usual range ")
    return canvas.chart(traces, layout, f"{alt}{usual}.")


def _before(rows: list[Part], last: int, words: list[str]) -> list[Part]:
    values, style = [row["before"] for row in rows], {"color": LIGHT.faint, "width": 1.75}
    traces = [line(range(last + 1), values[: last + 1], style, words[: last + 1])]
    if last + 1 < len(rows):
        coming, style = range(last, len(rows)), {**style, "dash": "dot"}
        traces.append(line(coming, values[last:], style, words[last:]))
    ring = marker(LIGHT.bg, 8, LIGHT.faint)
    return [*traces, dots([last], [values[last]], ring, [words[last]])]


def _hovers(rows: list[Part], column: str, unit: str, days: str) -> list[str]:
    return [
        hover(
            f"{row['tick']}, {days}",
            f"{bold(formats.figure(row[column], unit))} to date",
            ranged(row["low"], row["high"], unit, "usual "),
        )
        for row in rows
    ]


def _words(row: Part, unit: str, anchor: str, *, foot: float) -> list[Part]:
    """The last value, and that of the same day before: the higher one above its point.

    The lower one is below its point, or beside it if it is less than `foot`.
    """
    up: Part = {"yanchor": "bottom", "yshift": 6}
    down: Part = {"yanchor": "top", "yshift": -6}
    beside: Part = {"yanchor": "bottom", "xanchor": "right", "xshift": -7}
    if anchor == "left":
        beside = {"yanchor": "middle", "xanchor": "left", "xshift": 9}
    place: Part = {"xref": "x", "yref": "y", "xanchor": anchor}
    now, before = row["value"], row["before"]
    above = before is None or now >= before
    values = [(now, bold(formats.figure(now, unit)), above)]
    if before is not None:
        values.append((before, formats.figure(before, unit), not above))
    return [
        words_at(text, x=0, y=value, **place | (up if high else beside if value < foot else down))
        for value, text, high in values
    ]
