"""What every chart of weeks shares: rows without holes, the line, its band, signals and words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.charts.base import Part, Unit, edge_axis, hover, iso, written
from velocity.theme import Mode, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, Any]
#: What a frame of weeks must have; see `draw_trend`.
COLUMNS = (
    "week_start",
    "value",
    "n",
    "centre",
    "limit_low",
    "limit_high",
    "signal",
    "running",
)
_LIMITS = ("centre", "limit_low", "limit_high")
_WEEK = timedelta(weeks=1)
_LINE_WIDTH = 1.75
_MARKER, _LAST_MARKER, _SIGNAL_MARKER = 4, 7, 10
#: Shapes across the whole plot.
_WHOLE = {"xref": "x domain", "x0": 0, "x1": 1, "yref": "y"}


@dataclass(frozen=True)
class Weeks:
    """A series: its rows in order, one for every week from the first to the last."""

    rows: tuple[Row, ...]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Weeks:
        """The series of a frame as for `draw_trend`; weeks that it lacks have no value."""
        return cls.of_rows(frame.to_dicts())

    @classmethod
    def of_rows(cls, rows: Iterable[Row]) -> Weeks:
        """The series of rows of such a frame."""
        by_week = {row["week_start"]: row for row in rows}
        if not by_week:
            return cls(())
        lacking = dict.fromkeys((*COLUMNS, *next(iter(by_week.values()))))
        first, count = min(by_week), (max(by_week) - min(by_week)) // _WEEK + 1
        starts = [first + at * _WEEK for at in range(count)]
        return cls(
            tuple(by_week.get(start) or {**lacking, "week_start": start} for start in starts)
        )

    @property
    def starts(self) -> list[date]:
        """The Mondays."""
        return [row["week_start"] for row in self.rows]

    @cached_property
    def values(self) -> list[float]:
        """The values that are known."""
        return [row["value"] for row in self.rows if row["value"] is not None]

    @cached_property
    def latest_place(self) -> int | None:
        """Where the latest complete week with a value is."""
        places = (
            at
            for at in reversed(range(len(self.rows)))
            if self.rows[at]["value"] is not None and not self.rows[at]["running"]
        )
        return next(places, None)

    @property
    def latest(self) -> Row:
        """That week; the running one where there is no other. Some value must be known."""
        if self.latest_place is not None:
            return self.rows[self.latest_place]
        return next(row for row in reversed(self.rows) if row["value"] is not None)

    @cached_property
    def limits(self) -> dict[str, float | None]:
        """`centre`, `limit_low` and `limit_high`: the last that are known."""
        return {
            name: next((row[name] for row in reversed(self.rows) if row[name] is not None), None)
            for name in _LIMITS
        }


def trend(weekly: pl.DataFrame, measure: str) -> pl.DataFrame:
    """One measure, in order."""
    return weekly.filter(pl.col("measure") == measure).sort("week_start")


def split(weekly: pl.DataFrame) -> pl.DataFrame:
    """Machine and reaction medians side by side."""
    return pl.concat(
        trend(weekly, f"{part}_hours_median").with_columns(part=pl.lit(part))
        for part in ("machine", "reaction")
    )


def band_and_centre(
    limits: Mapping[str, float | None], *, mode: Mode, place: Part | None = None
) -> list[Part]:
    """A series' usual range and its centre line as shapes; nothing where there are no limits.

    Args:
        limits: as `Weeks.limits`.
        mode: which palette.
        place: `xref`, `x0`, `x1` and `yref` of the shapes; the whole plot where not given.
    """
    colour = tokens(mode)
    across = place or _WHOLE
    low, centre, high = limits["limit_low"], limits["centre"], limits["limit_high"]
    shapes: list[Part] = []
    if low is not None and high is not None:
        fill = {"fillcolor": colour.band, "line": {"width": 0}, "layer": "below"}
        shapes.append({"type": "rect", "y0": low, "y1": high, **across, **fill})
    if centre is not None:
        line = {"color": colour.faint, "width": 1, "dash": "dot"}
        shapes.append({"type": "line", "y0": centre, "y1": centre, **across, "line": line})
    return shapes


def week_axis(starts: list[date]) -> Part:
    """Ticks at the first and last week, with half a week of room on either side."""
    return edge_axis(starts) | {"type": "date", "range": room(starts, timedelta(days=4))}


def room(days: list[date], by: timedelta) -> list[str]:
    """An axis range from the first to the last of `days`, with `by` on either side."""
    return [iso(days[0] - by), iso(days[-1] + by)]


def series(
    weeks: Weeks, *, mode: Mode, unit: Unit, colour: str, markers: bool = True
) -> list[Part]:
    """A line over weeks, its running week hollow, its signals as diamonds.

    Args:
        weeks: some value is known.
        mode: which palette.
        unit: of the values.
        colour: of the line.
        markers: a dot on every week; else on the latest and on weeks that stand alone.
    """
    palette = tokens(mode)
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "line": {"color": colour, "width": _LINE_WIDTH if markers else 1.5},
        # Sizes in a list switch on bubble style; these two lines switch it off again.
        "marker": {
            "color": colour,
            "size": _sizes(weeks, markers=markers),
            "opacity": 1,
            "line": {"width": 0},
        },
        "connectgaps": False,
        "cliponaxis": False,
        **_points(weeks.rows, unit),
    }
    hollow = {"color": palette.bg, "size": 6, "line": {"color": colour, "width": 1.5}}
    diamond = {"symbol": "diamond", "size": _SIGNAL_MARKER}
    latest = [row for row in weeks.rows if row["signal"] and row is weeks.latest]
    # The latest complete week is the news; earlier signals stay visible but hollow.
    earlier = [row for row in weeks.rows if row["signal"] and row is not weeks.latest]
    running = [row for row in weeks.rows if row["running"] and row["value"] is not None]
    marks = [
        (running, hollow),
        (earlier, _edged(diamond, palette.bg, palette.accent)),
        (latest, _edged(diamond, palette.accent, palette.bg)),
    ]
    frame = {"type": "scatter", "mode": "markers", "cliponaxis": False}
    return [
        line,
        *(frame | {"marker": marker} | _points(rows, unit) for rows, marker in marks if rows),
    ]


def _edged(marker: Part, fill: str, edge: str) -> Part:
    return marker | {"color": fill, "line": {"width": 1.5, "color": edge}}


def _sizes(weeks: Weeks, *, markers: bool) -> list[int]:
    known = [False, *(row["value"] is not None for row in weeks.rows), False]
    sizes = []
    for at, row in enumerate(weeks.rows):
        alone = not known[at] and not known[at + 2]
        if at == weeks.latest_place:
            sizes.append(_LAST_MARKER if markers else _LAST_MARKER - 2)
        else:
            sizes.append(_MARKER if (markers or alone) and not row["running"] else 0)
    return sizes


def _points(rows: Iterable[Row], unit: Unit) -> Part:
    rows = list(rows)
    return {
        "x": [iso(row["week_start"]) for row in rows],
        "y": [row["value"] for row in rows],
        "customdata": [_hover(row, unit) for row in rows],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _hover(row: Row, unit: Unit) -> str:
    so_far = ", so far" if row["running"] else ""
    lines = [formats.week(row["week_start"]) + so_far, f"<b>{written(row['value'], unit)}</b>"]
    if row["n"] is not None:
        lines.append(formats.sample(row["n"]))
    if row["limit_low"] is not None and row["limit_high"] is not None:
        lines.append(f"usual range {_range(row, unit)}")
    if row["signal"]:
        lines.append("beyond its usual range")
    return hover(lines)


def _range(limits: Mapping[str, Any], unit: Unit) -> str:
    return f"{written(limits['limit_low'], unit)} to {written(limits['limit_high'], unit)}"


def alt_trend(weeks: Weeks, *, title: str, unit: Unit) -> str:
    """What a trend says, in a sentence: window, latest complete week, n, usual range, signal."""
    row, limits = weeks.latest, weeks.limits
    window = f"{formats.plural(len(weeks.rows), 'week')} from {formats.week(weeks.starts[0])}"
    words = f"{written(row['value'], unit)} in the {formats.week(row['week_start'])}"
    if row["n"] is not None:
        words += f" ({formats.sample(row['n'])})"
    if row["running"]:
        words += ", so far"
    elif limits["limit_low"] is not None and limits["limit_high"] is not None:
        place = "beyond" if row["signal"] else "within"
        words += f", {place} its usual range of {_range(limits, unit)}"
    return f"{title}, {window}: {words}."
