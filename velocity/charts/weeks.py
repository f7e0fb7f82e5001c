"""What every chart of weeks shares: rows without holes, the line, its band, signals and words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.charts.base import Part, Unit, edge_axis, hover, iso, written
from velocity.theme import Mode, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

_LINE_WIDTH = 1.75
_MARKER, _LAST_MARKER, _SIGNAL_MARKER = 4, 7, 10


def every_week(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` in order of `week_start` with a row of nulls for each week that it lacks."""
    if frame.is_empty():
        return frame
    weeks = pl.date_range(
        pl.col("week_start").min(), pl.col("week_start").max(), "1w", eager=False
    ).alias("week_start")
    return frame.select(weeks).join(frame, on="week_start", how="left").sort("week_start")


def limits_of(frame: pl.DataFrame) -> dict[str, float | None]:
    """`centre`, `limit_low` and `limit_high` of a series: its last that are known."""
    names = ("centre", "limit_low", "limit_high")
    return {name: next(iter(frame[name].drop_nulls().tail(1)), None) for name in names}


#: Across the whole plot.
_WHOLE = {"xref": "x domain", "x0": 0, "x1": 1, "yref": "y"}


def band_and_centre(
    limits: Mapping[str, float | None], *, mode: Mode, place: Part | None = None
) -> list[Part]:
    """A series' usual range and its centre line as shapes; nothing where there are no limits.

    Args:
        limits: as `limits_of` gives them.
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


def week_axis(weeks: list[date]) -> Part:
    """Ticks at the first and last week, with half a week of room on either side."""
    return edge_axis(weeks) | {"type": "date", "range": room(weeks, timedelta(days=4))}


def room(days: list[date], by: timedelta) -> list[str]:
    """An axis range from the first to the last of `days`, with `by` on either side."""
    return [iso(days[0] - by), iso(days[-1] + by)]


def series(
    weeks: pl.DataFrame,
    *,
    mode: Mode,
    unit: Unit,
    colour: str,
    markers: bool = True,
) -> list[Part]:
    """A line over weeks, its running week hollow, its signals as diamonds.

    Args:
        weeks: without holes, as for `draw_trend`; some `value` is known.
        mode: which palette.
        unit: of `value`.
        colour: of the line.
        markers: a dot on every week; else on the latest and on weeks that stand alone.
    """
    palette = tokens(mode)
    rows = weeks.with_row_index("place")
    alone = pl.col("value").shift(1).is_null() & pl.col("value").shift(-1).is_null()
    rows = rows.with_columns(dot=alone | pl.lit(markers))
    complete = rows.filter(
        pl.col("value").is_not_null() & ~pl.col("running").fill_null(value=False)
    )
    last = complete["place"].max() if complete.height else weeks.height
    quiet = rows.with_columns(
        size=pl.when(pl.col("place") == last)
        .then(_LAST_MARKER if markers else _LAST_MARKER - 2)
        .when(pl.col("dot") & ~pl.col("running").fill_null(value=False))
        .then(_MARKER)
        .otherwise(0)
    )
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "line": {"color": colour, "width": _LINE_WIDTH if markers else 1.5},
        # Sizes in a list switch on bubble style; these two lines switch it off again.
        "marker": {
            "color": colour,
            "size": quiet["size"].to_list(),
            "opacity": 1,
            "line": {"width": 0},
        },
        "connectgaps": False,
        "cliponaxis": False,
        **_points(rows, unit),
    }
    traces = [line]
    running = rows.filter(pl.col("running") & pl.col("value").is_not_null())
    if not running.is_empty():
        hollow = {"color": palette.bg, "size": 6, "line": {"color": colour, "width": 1.5}}
        traces.append(_marks(running, unit, hollow))
    # The latest complete week is the news; earlier signals stay visible but hollow.
    signals = rows.filter(pl.col("signal"))
    for chosen, fill, edge in (
        (signals.filter(pl.col("place") != last), palette.bg, palette.accent),
        (signals.filter(pl.col("place") == last), palette.accent, palette.bg),
    ):
        if not chosen.is_empty():
            diamond = {"symbol": "diamond", "size": _SIGNAL_MARKER, "color": fill}
            traces.append(_marks(chosen, unit, diamond | {"line": {"width": 1.5, "color": edge}}))
    return traces


def _marks(rows: pl.DataFrame, unit: Unit, marker: Part) -> Part:
    frame = {"type": "scatter", "mode": "markers", "marker": marker, "cliponaxis": False}
    return frame | _points(rows, unit)


def _points(rows: pl.DataFrame, unit: Unit) -> Part:
    return {
        "x": [iso(week) for week in rows["week_start"]],
        "y": rows["value"].to_list(),
        "customdata": [
            _hover(row, unit)
            for row in rows.select(
                "week_start", "value", "n", "limit_low", "limit_high", "signal", "running"
            ).iter_rows(named=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _hover(row: Part, unit: Unit) -> str:
    so_far = ", so far" if row["running"] else ""
    lines = [formats.week(row["week_start"]) + so_far, f"<b>{written(row['value'], unit)}</b>"]
    if row["n"] is not None:
        lines.append(formats.sample(row["n"]))
    if row["limit_low"] is not None and row["limit_high"] is not None:
        lines.append(f"usual range {_range(row, unit)}")
    if row["signal"]:
        lines.append("beyond its usual range")
    return hover(lines)


def _range(limits: Part, unit: Unit) -> str:
    return f"{written(limits['limit_low'], unit)} to {written(limits['limit_high'], unit)}"


def alt_trend(weeks: pl.DataFrame, *, title: str, unit: Unit) -> str:
    """What a trend says, in a sentence: window, latest complete week, n, usual range, signal."""
    known = weeks.filter(pl.col("value").is_not_null())
    complete = known.filter(~pl.col("running").fill_null(value=False))
    so_far = complete.is_empty()
    row = (known if so_far else complete).tail(1).row(0, named=True)
    limits = limits_of(weeks)
    window = f"{formats.plural(weeks.height, 'week')} from {formats.week(weeks['week_start'][0])}"
    words = [
        f"{title}, {window}",
        f"{written(row['value'], unit)} in the {formats.week(row['week_start'])}",
    ]
    if row["n"] is not None:
        words[-1] += f" ({formats.sample(row['n'])})"
    if so_far:
        words[-1] += ", so far"
    elif limits["limit_low"] is not None and limits["limit_high"] is not None:
        place = "beyond" if row["signal"] else "within"
        words[-1] += f", {place} its usual range of {_range(limits, unit)}"
    return ": ".join(words) + "."
