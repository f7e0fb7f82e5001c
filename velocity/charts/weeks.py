"""Weeks of a measure: the line, its usual range, shifts as diamonds, and events."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, day_ticks, iso, padded, value_axis
from velocity.charts.marks import box, diamond, dots, level, line, marker
from velocity.charts.words import Part, bold, hover, safe, words_at
from velocity.reading.series import Row
from velocity.theme import LIGHT

_TRIANGLE, _LONGEST = 8, 60  # px, characters
_EDGE = timedelta(days=4)


@dataclass(frozen=True)
class Event:
    """Something that happened in a week."""

    week: date  # its Monday
    day: date
    text: str  # other people's text


def draw_trend(frame: pl.DataFrame, *, title: str, unit: str) -> Chart:
    """A line over weeks on the band of its usual range; shifts are diamonds.

    The current week is a hollow dot. Without limits (fewer than 8 weeks) there is no band.

    - `frame`: one row per week; `week_start` (date, its Monday), `value` (float of `unit`, null
      if not known), `n` (int, null), `centre`, `limit_low`, `limit_high` (float of `unit`,
      null), `signal`, `running` (bool).
    - `unit`: of `value` and its limits; see `formats.figure`.
    """
    canvas = Canvas(title, 128, (38, 18, 8, 22))
    if not frame["value"].count():
        return canvas.blank()
    # Weeks without a row have no value.
    rows = frame.sort("week_start").upsample("week_start", every="1w").to_dicts()
    known = [row for row in rows if row["value"] is not None]
    latest = ([row for row in known if not row["running"]] or known)[-1]
    low, centre, high = (rows[-1][it] for it in ("limit_low", "centre", "limit_high"))
    shapes: list[Part] = []
    if low is not None and high is not None:
        shapes.append(box((0, 1), (low, high), LIGHT.band, xref="x domain"))
    if centre is not None:
        dotted = {"color": LIGHT.faint, "width": 1, "dash": "dot"}
        shapes.append(level(centre, dotted, layer="above"))
    layout = {
        "shapes": shapes,
        "xaxis": day_axis([row["week_start"] for row in rows]),
        "yaxis": value_axis(*padded([*(row["value"] for row in known), low, high]), unit),
    }
    window = f"{formats.plural(len(rows), 'week')} from {formats.week(rows[0]['week_start'])}"
    said = f"{formats.figure(latest['value'], unit)} in the {formats.week(latest['week_start'])}"
    sample = "" if latest["n"] is None else f" ({formats.sample(latest['n'])})"
    side = f", {'beyond' if latest['signal'] else 'within'} its usual range of "
    how = ", so far" if latest["running"] else ranged(low, high, unit, side)
    alt = f", {window}: {said}{sample}{how}."
    return canvas.chart(_series(rows, latest, unit), layout, alt)


def day_axis(days: Sequence[date]) -> Part:
    """Ticks at the first and last of `days`, with space on either side."""
    ends = {"type": "date", "range": [iso(days[0] - _EDGE), iso(days[-1] + _EDGE)]}
    return day_ticks(days[0], days[-1]) | ends


def triangles(
    events: Sequence[Event],
    *,
    place: Callable[[date], float | str],
    axis: str,
) -> list[Part]:
    """A triangle under the axis for each week with an event; its hover says what.

    `place` is that of a week on the x axis, and `axis` the y axis of the panel, such as "y2".
    """
    weeks: dict[date, list[str]] = defaultdict(list)
    for event in events:
        weeks[event.week].append(f"{formats.day(event.day)}: {safe(event.text, _LONGEST)}")
    under: Part = {"xref": "x", "yref": f"{axis} domain", "yanchor": "top", "yshift": 3}
    look = {"font": {"size": _TRIANGLE, "color": LIGHT.accent}}
    return [
        words_at("▲", x=place(week), y=0, hovertext=hover(*said), **under, **look)
        for week, said in weeks.items()
    ]


def room_below(events: Sequence[Event]) -> int:
    """The height, px, by which triangles move the labels of the x axis down."""
    return _TRIANGLE if events else 0


def ranged(low: float | None, high: float | None, unit: str, before: str) -> str:
    """The usual range in words that begin with `before`; "" if there is none."""
    if low is None or high is None:
        return ""
    return f"{before}{' to '.join(formats.ends(low, high, unit))}"


def week_words(row: Row, unit: str, *more: str) -> str:
    """The hover label of a week's value."""
    so_far = ", so far" if row["running"] else ""
    value = bold(formats.figure(row["value"], unit))
    return hover(f"{formats.week(row['week_start'])}{so_far}", value, *more)


def shift_dots(rows: Sequence[Row], latest: Row | None) -> list[tuple[list[Row], Part]]:
    """Earlier shifts, hollow, and that of the latest complete week, filled; each with its look."""
    shifts = [row for row in rows if row["signal"] and row["value"] is not None]
    return [
        ([row for row in shifts if row is not latest], diamond(LIGHT.bg, LIGHT.accent)),
        ([row for row in shifts if row is latest], diamond(LIGHT.accent, LIGHT.bg)),
    ]


def _series(rows: Sequence[Row], latest: Row, unit: str) -> list[Part]:
    sizes = [0 if row["running"] else 7 if row is latest else 4 for row in rows]
    # A list of sizes turns on the bubble style; opacity and line turn it off again.
    plain = {"color": LIGHT.series, "size": sizes, "opacity": 1, "line": {"width": 0}}
    gaps: Part = {"mode": "lines+markers", "connectgaps": False, "cliponaxis": False}
    style = {"color": LIGHT.series, "width": 1.75}
    days, values, words = _points(rows, unit)
    traces = [line(days, values, style, words, marker=plain, **gaps)]
    running = [row for row in rows if row["running"] and row["value"] is not None]
    rings = (running, marker(LIGHT.bg, 6, LIGHT.series))
    for shown, look in (rings, *shift_dots(rows, latest)):
        if shown:
            days, values, words = _points(shown, unit)
            traces.append(dots(days, values, look, words))
    return traces


def _points(rows: Sequence[Row], unit: str) -> tuple[list[date], list[float | None], list[str]]:
    words = [
        week_words(
            row,
            unit,
            "" if row["n"] is None else formats.sample(row["n"]),
            ranged(row["limit_low"], row["limit_high"], unit, "usual range "),
            "beyond its usual range" if row["signal"] else "",
        )
        for row in rows
    ]
    return [row["week_start"] for row in rows], [row["value"] for row in rows], words
