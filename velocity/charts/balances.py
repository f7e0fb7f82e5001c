"""The credits of each stream day by day, and the day on which they end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, day_ticks, iso, key, safe, words_at
from velocity.charts.marks import dots, hover, line, marker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

    from velocity.theme import Mode, Tokens

_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT = 62, 36, 26, 92, 124
#: The part of a row that its largest balance takes.
_FILLED = 0.74
_NAME = -_LEFT + 2


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
    rows = [_Row(at, row, days[row["group_id"]], today) for at, row in enumerate(known)]
    if not rows:
        return canvas.blank("No stream has a grant")
    colour = canvas.colour
    first = min(row.days[0]["day"] for row in rows)
    far = max([today + timedelta(days=14), *(row.end for row in rows if row.end)])
    marks = [
        ("●", colour.series, "today"),
        ("○", colour.faint, "ends"),
        ("▲", colour.accent, "grant"),
        ("|", colour.faint, "end as seen a week before"),
    ]
    layout: Part = {
        "annotations": [
            key(marks, x=_NAME, lift=14),
            *(part for row in rows for part in row.words(colour)),
        ],
        "xaxis": {
            "type": "date",
            "range": [iso(first), iso(far + (far - first) * 0.03)],
            **day_ticks(first, today, far, today=today),
        },
        "yaxis": {"visible": False, "range": [len(rows) - 0.02, -0.1]},
    }
    traces = [part for row in rows for part in row.marks(colour)]
    return canvas.chart(traces, layout, _alt(rows, today))


class _Row:
    """One stream's row; its balances are drawn as heights above the foot of the row."""

    def __init__(self, at: int, end: Part, days: Sequence[Part], today: date) -> None:
        self.name, self.days, self.today = end["name"], days, today
        self._given = end
        forecast = end["runs_out_on"]
        self.end: date | None = forecast if forecast is not None and forecast > today else None
        self._foot = at + 0.9
        self._most = max([*(row["balance"] for row in days), 0.0]) or 1.0

    def _height(self, balance: float) -> float:
        return self._foot - max(0.0, balance) / self._most * _FILLED

    def marks(self, colour: Tokens) -> list[Part]:
        """The balance, its forecast, grants, and the forecast of a week before."""
        days = [row["day"] for row in self.days]
        name = f"<b>{safe(self.name)}</b>"
        words = [
            hover(name, formats.dated(row["day"]), f"{formats.count(row['balance'])} left")
            for row in self.days
        ]
        style = {"color": colour.series, "width": 1.75, "shape": "hv"}
        heights = [self._height(row["balance"]) for row in self.days]
        corners = [self._foot, *heights, self._foot]
        ground = line([days[0], *days, days[-1]], corners, {"width": 0, "shape": "hv"})
        traces = [
            ground | {"fill": "toself", "fillcolor": colour.band},
            line(days, heights, style, words),
        ]
        if self.end is not None:
            dotted = {"color": colour.faint, "width": 1.5, "dash": "dot"}
            said = [hover(name, f"ends {formats.ahead(self.end, self.today)}")]
            traces.append(line([days[-1], self.end], [heights[-1], self._foot], dotted))
            traces.append(dots([self.end], [self._foot], marker(colour.bg, 9, colour.faint), said))
        seen = self._given["seen_before"]
        if seen is not None and seen > days[0]:
            tick = {"symbol": "line-ns", "size": 12, "line": {"width": 2, "color": colour.faint}}
            said = [hover(name, f"as seen a week before: {formats.ahead(seen, self.today)}")]
            traces.append(dots([seen], [self._foot - 0.08], tick, said))
        now = [hover(name, f"<b>{formats.count(self.days[-1]['balance'])}</b> left today")]
        traces.append(dots([days[-1]], [heights[-1]], marker(colour.series, 7), now))
        if grants := [row for row in self.days if row["granted"]]:
            said = [
                hover(name, formats.dated(row["day"]), f"grant of {formats.count(row['granted'])}")
                for row in grants
            ]
            look = {"symbol": "triangle-up", "color": colour.accent, "size": 9}
            places = [row["day"] for row in grants]
            traces.append(dots(places, [self._foot + 0.04] * len(grants), look, said))
        return traces

    def words(self, colour: Tokens) -> list[Part]:
        """The name and largest balance at the left, the end and the burn at the right."""
        middle = self._foot - _FILLED / 2
        left: Part = {"x": 0, "xanchor": "left", "xshift": _NAME, "yref": "y"}
        right: Part = {"x": 1, "xanchor": "right", "xshift": _RIGHT - 2, "yref": "y"}
        muted = {"color": colour.muted}
        top = formats.count(self._most)
        now: Part = {"x": iso(self.today), "xref": "x", "yref": "y", "xanchor": "left", "xshift": 8}
        balance = self.days[-1]["balance"]
        return [
            words_at(
                f"<b>{safe(self.name, 12)}</b>", y=middle, font={"color": colour.text}, **left
            ),
            words_at(
                top, x=0, xanchor="right", xshift=-6, yref="y", y=self._foot - _FILLED, font=muted
            ),
            words_at(
                f"<b>{formats.count(balance)}</b>",
                y=self._height(balance),
                yshift=9,
                font={"color": colour.text},
                bgcolor=colour.bg,  # over the forecasts of credits that end soon
                borderpad=0,
                **now,
            ),
            words_at(
                f"<b>{self._ends()}</b>", y=middle, yshift=9, font={"color": colour.text}, **right
            ),
            words_at(
                f"{formats.count(self._given['burn_per_day'] or 0)} a day",
                y=middle,
                yshift=-9,
                font=muted,
                **right,
            ),
        ]

    def _ends(self) -> str:
        if self.end is not None:
            return formats.ahead(self.end, self.today)
        return "used up" if self.days[-1]["balance"] <= 0 else "no end at this pace"

    def said(self) -> str:
        """The row in words."""
        left = formats.count(self.days[-1]["balance"])
        return f"{formats.label(self.name)} {left} left, {self._ends()}"


def _alt(rows: Sequence[_Row], today: date) -> str:
    return f" on {formats.dated(today)}: {'; '.join(row.said() for row in rows)}."
