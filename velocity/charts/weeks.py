"""The common parts of weekly charts: the line, its usual range, its diamonds and words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from velocity import formats
from velocity.charts.base import Part, day_ticks, iso
from velocity.charts.marks import dots, hover, line, marker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velocity.reading.series import Row, Weeks
    from velocity.theme import Tokens

_WEEK_DOT, _LAST_DOT, _DIAMOND = 4, 7, 10
#: Shapes across the whole plot.
_WHOLE = {"xref": "x domain", "x0": 0, "x1": 1, "yref": "y"}


def band_and_centre(
    limits: Mapping[str, float | None], colour: Tokens, place: Part | None = None
) -> list[Part]:
    """The usual range and centre of `Weeks.limits` as shapes; none without limits.

    `place` holds `xref`, `x0`, `x1` and `yref` of the shapes; the whole plot by default.
    """
    across = place or _WHOLE
    low, centre, high = limits["limit_low"], limits["centre"], limits["limit_high"]
    shapes: list[Part] = []
    if low is not None and high is not None:
        fill = {"fillcolor": colour.band, "line": {"width": 0}, "layer": "below"}
        shapes.append({"type": "rect", "y0": low, "y1": high, **across, **fill})
    if centre is not None:
        style = {"color": colour.faint, "width": 1, "dash": "dot"}
        shapes.append({"type": "line", "y0": centre, "y1": centre, **across, "line": style})
    return shapes


def day_axis(days: list[date], by: timedelta = timedelta(days=4)) -> Part:
    """Ticks at the first and last of `days`, with space `by` on either side."""
    ends = {"type": "date", "range": [iso(days[0] - by), iso(days[-1] + by)]}
    return day_ticks(days[0], days[-1]) | ends


def series(
    weeks: Weeks, unit: str, colour: Tokens, ink: str | None = None, *, small: bool = False
) -> list[Part]:
    """A line over weeks with at least one known value: shifts are diamonds.

    The current week and weeks away are hollow.
    `ink` is the colour of the line. A `small` one has dots only on the latest week and on weeks
    without neighbours.
    """
    ink = ink or colour.series
    shifts = [row for row in weeks.rows if row["signal"]]
    marks = (
        ([row for row in weeks.rows if _is_hollow(row)], marker(colour.bg, 6, ink)),
        # The latest complete week is emphasised; earlier shifts are hollow.
        ([row for row in shifts if row is not weeks.latest], _diamond(colour.bg, colour.accent)),
        ([row for row in shifts if row is weeks.latest], _diamond(colour.accent, colour.bg)),
    )
    # A list of sizes turns on the bubble style; opacity and line turn it off again.
    plain = {"color": ink, "size": _sizes(weeks, small=small), "opacity": 1, "line": {"width": 0}}
    gaps: Part = {
        "mode": "lines+markers",
        "marker": plain,
        "connectgaps": False,
        "cliponaxis": False,
    }
    style = {"color": ink, "width": 1.5 if small else 1.75}
    traces = [line(*_points(weeks.rows), style, _words(weeks.rows, unit), **gaps)]
    for rows, look in marks:
        known = [row for row in rows if row["value"] is not None]
        if known:
            traces.append(dots(*_points(known), look, _words(known, unit)))
    return traces


def _diamond(fill: str, edge: str) -> Part:
    return {"symbol": "diamond", **marker(fill, _DIAMOND, edge)}


def _sizes(weeks: Weeks, *, small: bool) -> list[int]:
    known = [False, *(row["value"] is not None for row in weeks.rows), False]
    sizes = []
    for at, row in enumerate(weeks.rows):
        alone = not known[at] and not known[at + 2]
        if row is weeks.last_complete:
            sizes.append(_LAST_DOT - 2 if small else _LAST_DOT)
        else:
            sizes.append(_WEEK_DOT if (not small or alone) and not _is_hollow(row) else 0)
    return sizes


def _is_hollow(row: Row) -> bool:
    """Whether the week is not over, or one in which the scholar was away."""
    return bool(row["running"] or row.get("away"))


def _points(rows: tuple[Row, ...] | list[Row]) -> tuple[list[date], list[float | None]]:
    return [row["week_start"] for row in rows], [row["value"] for row in rows]


def _words(rows: tuple[Row, ...] | list[Row], unit: str) -> list[str]:
    return [_hover(row, unit) for row in rows]


def _hover(row: Row, unit: str) -> str:
    so_far = ", so far" if row["running"] else ", away" if row.get("away") else ""
    figure = f"<b>{formats.figure(row['value'], unit)}</b>"
    lines = [formats.week(row["week_start"]) + so_far, figure]
    if row["n"] is not None:
        lines.append(formats.sample(row["n"]))
    if usual := _range(row, unit):
        lines.append(f"usual range {usual}")
    if row["signal"]:
        lines.append("beyond its usual range")
    return hover(*lines)


def _range(limits: Mapping[str, Any], unit: str) -> str:
    """The usual range in words; "" if there is none."""
    low, high = limits["limit_low"], limits["limit_high"]
    if low is None or high is None:
        return ""
    return f"{formats.figure(low, unit)} to {formats.figure(high, unit)}"


def alt_trend(weeks: Weeks, unit: str) -> str:
    """A trend in words: weeks, latest complete week, n, usual range; continues after a title."""
    row = weeks.latest
    window = f"{formats.plural(len(weeks.rows), 'week')} from {formats.week(weeks.starts[0])}"
    words = f"{formats.figure(row['value'], unit)} in the {formats.week(row['week_start'])}"
    if row["n"] is not None:
        words += f" ({formats.sample(row['n'])})"
    if row["running"]:
        words += ", so far"
    elif usual := _range(weeks.limits, unit):
        words += f", {'beyond' if row['signal'] else 'within'} its usual range of {usual}"
    return f", {window}: {words}."
