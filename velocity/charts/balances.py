"""The credits of each stream: day by day, and the day on which they end."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, day_ticks, hidden, iso, row_axis
from velocity.charts.marks import dots, line, marker, tick
from velocity.charts.words import Part, beside, bold, hover, key, safe
from velocity.theme import Mode, Tokens

_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT = 62, 36, 26, 92, 124
#: The part of a row that its largest balance takes.
_FILLED = 0.74
#: Of the chart of ends alone; at least as high as the other tiles, which have as many px for their
#: plot.
_END_ROW, _END_BOTTOM, _END_LEFT, _END_RIGHT, _LEAST = 22, 24, 64, 78, 182
#: Ticks after today; fewer if the words have years.
_TICKS, _TICKS_OF_YEARS = 3, 2
_NO_END = "no end at this pace"


def draw_balances(
    balance: pl.DataFrame, ends: pl.DataFrame, *, today: date, mode: Mode, title: str
) -> Chart:
    """A row per stream on one time axis: its balance from 0 to its own largest, and its end.

    - `balance`: in order of `day` (date); `group_id` (str), `granted` and `balance` (float).
    - `ends`: in the order to show; `group_id`, `name` (str), `runs_out_on` (date, null if the
      credits do not end at this pace), `seen_before` (date, the forecast a week before, null
      without one), `burn_per_day` (float).
    - `today`: the last day of the data.
    """
    height = _TOP + _BOTTOM + _ROW * max(1, ends.height)
    canvas = Canvas(title, mode, height, (_LEFT, _RIGHT, _TOP, _BOTTOM))
    days = {it: balance.filter(group_id=it).to_dicts() for it in ends["group_id"]}
    known = [row for row in ends.iter_rows(named=True) if days[row["group_id"]]]
    colour = canvas.colour
    rows = [_Row(at, row, days[row["group_id"]], today, colour) for at, row in enumerate(known)]
    if not rows:
        return canvas.blank("No stream has a grant")
    first = min(row.days[0]["day"] for row in rows)
    far = max([today + timedelta(days=14), *(row.end for row in rows if row.end)])
    meanings = [
        ("●", colour.series, "today"),
        ("○", colour.faint, "ends"),
        ("▲", colour.accent, "grant"),
        ("|", colour.faint, "end as seen a week before"),
    ]
    notes = [key(meanings, x=-_LEFT + 2, lift=14)]
    layout: Part = {
        "annotations": [*notes, *(part for row in rows for part in row.words())],
        "xaxis": {
            "type": "date",
            "range": [iso(first), iso(far + (far - first) * 0.03)],
            **day_ticks(first, today, far, today=today),
        },
        "yaxis": hidden(len(rows) - 0.02, -0.1),
    }
    traces = [part for row in rows for part in row.marks()]
    alt = f" on {formats.dated(today)}: {'; '.join(row.said for row in rows)}."
    return canvas.chart(traces, layout, alt)


class _Row:
    """One stream's row; its balances are drawn as heights above the foot of the row."""

    def __init__(
        self, at: int, given: Part, days: Sequence[Part], today: date, colour: Tokens
    ) -> None:
        self.days, self._given, self._today, self._colour = days, given, today, colour
        self._name = bold(safe(given["name"]))
        end, left = given["runs_out_on"], days[-1]["balance"]
        self.end: date | None = end if end is not None and end > today else None
        self._foot = at + 0.9
        self._most = max([*(row["balance"] for row in days), 0.0]) or 1.0
        self._heights = [
            self._foot - max(0.0, row["balance"]) / self._most * _FILLED for row in days
        ]
        self._left = formats.count(left)
        self._ends = "used up" if left <= 0 else _NO_END
        if self.end is not None:
            self._ends = formats.ahead(self.end, today)
        self.said = f"{formats.label(given['name'])} {self._left} left, {self._ends}"

    def marks(self) -> list[Part]:
        """The balance, its forecast, grants, and the forecast of a week before."""
        colour, foot, heights = self._colour, self._foot, self._heights
        days = [row["day"] for row in self.days]
        words = [
            hover(self._name, formats.dated(row["day"]), f"{formats.count(row['balance'])} left")
            for row in self.days
        ]
        area: Part = {"fill": "toself", "fillcolor": colour.band}
        stepped = {"color": colour.series, "width": 1.75, "shape": "hv"}
        around = [days[0], *days, days[-1]], [foot, *heights, foot]
        traces = [
            line(*around, {"width": 0, "shape": "hv"}, **area),
            line(days, heights, stepped, words),
        ]

        def dot(day: date, at: float, look: Part, words: str) -> None:
            traces.append(dots([day], [at], look, [hover(self._name, words)]))

        if self.end is not None:
            dotted = {"color": colour.faint, "width": 1.5, "dash": "dot"}
            traces.append(line([days[-1], self.end], [heights[-1], foot], dotted))
            dot(self.end, foot, marker(colour.bg, 9, colour.faint), f"ends {self._ends}")
        seen = self._given["seen_before"]
        if seen is not None and seen > days[0]:
            said = f"as seen a week before: {formats.ahead(seen, self._today)}"
            dot(seen, foot - 0.08, tick(colour.faint, 12, 2), said)
        dot(days[-1], heights[-1], marker(colour.series, 7), f"{bold(self._left)} left today")
        if grants := {row["day"]: row["granted"] for row in self.days if row["granted"]}:
            said_of = [
                hover(self._name, formats.dated(day), f"grant of {formats.count(it)}")
                for day, it in grants.items()
            ]
            look = {"symbol": "triangle-up", "color": colour.accent, "size": 9}
            traces.append(dots(grants, [foot + 0.04] * len(grants), look, said_of))
        return traces

    def words(self) -> list[Part]:
        """The name and largest balance at the left, the end and the burn at the right."""
        middle, right = self._foot - _FILLED / 2, _RIGHT - 2
        muted, ink = ({"color": it} for it in (self._colour.muted, self._colour.text))
        burn = f"{formats.count(self._given['burn_per_day'] or 0)} a day"
        # Over the forecasts of credits that end soon.
        above: Part = {"font": ink, "yshift": 9}
        over = above | {"xref": "x", "bgcolor": self._colour.bg, "borderpad": 0}
        top = {"x": 0, "font": muted}
        return [
            beside(bold(safe(self._given["name"], 12)), middle, -_LEFT + 2, font=ink),
            beside(formats.count(self._most), self._foot - _FILLED, -6, right=True, **top),
            beside(bold(self._left), self._heights[-1], 8, x=iso(self._today), **over),
            beside(bold(self._ends), middle, right, right=True, **above),
            beside(burn, middle, right, right=True, yshift=-9, font=muted),
        ]


def draw_ends(
    frame: pl.DataFrame, *, today: date, mode: Mode, title: str, row_height: int = _END_ROW
) -> Chart:
    """A line from today to the day on which the credits end, one row per stream.

    - `frame`: in the order to show; `name`, `runs_out_on` and `seen_before` as in `draw_balances`.
    - `today`: where the lines begin.
    """
    height = max(_LEAST, _TOP + _END_BOTTOM + row_height * frame.height)
    canvas = Canvas(title, mode, height, (_END_LEFT, _END_RIGHT, _TOP, _END_BOTTOM))
    rows = frame.to_dicts()
    ends = [row["runs_out_on"] for row in rows if row["runs_out_on"] is not None]
    if not ends:
        return canvas.blank("No stream has credits that run out at this pace")
    colour, first = canvas.colour, min(ends)
    seen = [row["seen_before"] for row in rows if row["seen_before"] is not None]
    far = max([*ends, *seen, today + timedelta(days=14)])
    meanings = [("●", colour.series, "runs out"), ("|", colour.faint, "as seen a week before")]
    notes, traces, said = [key(meanings, x=-_END_LEFT + 2, lift=14)], [], []
    for at, row in enumerate(rows):
        end, before, is_first = row["runs_out_on"], row["seen_before"], row["runs_out_on"] == first
        told, when = _NO_END, "no end"
        if end is not None:
            told, when = f"runs out {formats.ahead(end, today)}", formats.day_ahead(end, today)
            style = {"color": colour.series, "width": 3 if is_first else 1.75}
            traces.append(line([today, end], [at, at], style))
        if before is not None:
            told += f"; seen a week before: {formats.day_ahead(before, today)}"
        said.append(f"{formats.label(row['name'])} {told}")
        looks = (before, tick(colour.faint, 15, 2)), (end, marker(colour.series, 9))
        words = [hover(bold(safe(row["name"])), told)]
        traces += [dots([day], [at], look, words) for day, look in looks if day is not None]
        font = {"color": colour.text if is_first else colour.muted}
        notes += [
            beside(bold(safe(row["name"], 9), strong=is_first), at, -_END_LEFT + 2, font=font),
            beside(bold(when, strong=is_first), at, _END_RIGHT - 2, right=True, font=font),
        ]
    most = _TICKS if far.year == today.year else _TICKS_OF_YEARS
    step = max(1, (far - today).days // (7 * most)) * 7
    days = [today + timedelta(days=step * at) for at in range(most + 1)]
    days = [day for day in days if day <= far]
    layout = {
        "annotations": notes,
        "xaxis": {
            "type": "date",
            "range": [iso(today), iso(far + (far - today) * 0.06)],
            "tickvals": [iso(day) for day in days],
            "ticktext": ["today", *(formats.day_ahead(day, today) for day in days[1:])],
            "showgrid": True,
            "gridcolor": colour.grid,
        },
        "yaxis": row_axis(len(rows)),
    }
    return canvas.chart(traces, layout, f" from {formats.dated(today)}: {'; '.join(said)}.")
