"""The credits of each stream: day by day, and the day on which they end."""

from datetime import date, timedelta

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, day_ticks, hidden, iso, row_axis
from velocity.charts.marks import dots, line, marker, tick
from velocity.charts.words import INK, MUTED, Part, beside, bold, hover, key, safe
from velocity.theme import LIGHT

_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT = 62, 36, 26, 92, 124
#: The part of a row that its largest balance takes.
_FILLED = 0.74
#: Of the chart of ends alone; at least as high as the other tiles, which have as many px for their
#: plot.
_END_ROW, _END_BOTTOM, _END_LEFT, _END_RIGHT, _LEAST = 22, 24, 64, 78, 182
#: Ticks after today; fewer if the words have years.
_TICKS, _TICKS_OF_YEARS = 3, 2
_NO_END = "no end at this pace"


def draw_balances(balance: pl.DataFrame, ends: pl.DataFrame, *, today: date, title: str) -> Chart:
    """A row per stream on one time axis: its balance from 0 to its own largest, and its end.

    - `balance`: in order of `day` (date); `group_id` (str), `granted` and `balance` (float).
    - `ends`: in the order to show; `group_id`, `name` (str), `runs_out_on` (date, null if the
      credits do not end at this pace), `seen_before` (date, the forecast a week before, null
      without one), `burn_per_day` (float), and maybe `or_sooner` (whether it is a lower bound).
    - `today`: the last day of the data.
    """
    height = _TOP + _BOTTOM + _ROW * max(1, ends.height)
    canvas = Canvas(title, height, (_LEFT, _RIGHT, _TOP, _BOTTOM))
    days = {it: balance.filter(group_id=it).to_dicts() for it in ends["group_id"]}
    known = [row for row in ends.iter_rows(named=True) if days[row["group_id"]]]
    if not known:
        return canvas.blank("No stream has a grant")
    first = min(days[row["group_id"]][0]["day"] for row in known)
    runs_out = [row["runs_out_on"] for row in known if row["runs_out_on"] is not None]
    far = max([today + timedelta(days=14), *runs_out])
    meanings = [
        ("●", LIGHT.series, "today"),
        ("○", LIGHT.faint, "ends"),
        ("▲", LIGHT.accent, "grant"),
        ("|", LIGHT.faint, "end as seen a week before"),
    ]
    notes, traces, said = [key(meanings, x=-_LEFT + 2, lift=14)], [], []
    for at, row in enumerate(known):
        own, left = days[row["group_id"]], days[row["group_id"]][-1]["balance"]
        ends_on = "used up" if left <= 0 else _NO_END
        if row["runs_out_on"] is not None and row["runs_out_on"] > today:
            ends_on = formats.ahead(row["runs_out_on"], today)
        marks, words = _balance(at + 0.9, row, own, ends_on, today=today)
        traces += marks
        notes += words
        said.append(f"{formats.label(row['name'])} {formats.count(left)} left, {ends_on}")
    layout: Part = {
        "annotations": notes,
        "xaxis": {
            "type": "date",
            "range": [iso(first), iso(far + (far - first) * 0.03)],
            **day_ticks(first, today, far, today=today),
        },
        "yaxis": hidden(len(known) - 0.02, -0.1),
    }
    return canvas.chart(traces, layout, f" on {formats.dated(today)}: {'; '.join(said)}.")


def _balance(
    foot: float, row: Part, own: list[Part], ends_on: str, *, today: date
) -> tuple[list[Part], list[Part]]:
    """The marks of a stream, whose balances are heights above `foot`, and the words beside them."""
    name = bold(safe(row["name"]))
    balances, days = [it["balance"] for it in own], [it["day"] for it in own]
    most = max([*balances, 0.0]) or 1.0
    heights = [foot - max(0.0, it) / most * _FILLED for it in balances]
    said = [
        hover(name, formats.dated(day), f"{formats.count(it)} left")
        for day, it in zip(days, balances, strict=True)
    ]
    ground, stepped = {"width": 0, "shape": "hv"}, {"width": 1.75, "shape": "hv"}
    around = [days[0], *days, days[-1]], [foot, *heights, foot]
    traces = [
        line(*around, ground, None, fill="toself", fillcolor=LIGHT.band),
        line(days, heights, stepped | {"color": LIGHT.series}, said),
    ]

    def dot(day: date, at: float, look: Part, words: str) -> None:
        traces.append(dots([day], [at], look, [hover(name, words)]))

    end, seen = row["runs_out_on"], row["seen_before"]
    if end is not None and end > today:
        dotted = {"color": LIGHT.faint, "width": 1.5, "dash": "dot"}
        traces.append(line([days[-1], end], [heights[-1], foot], dotted))
        dot(end, foot, marker(LIGHT.bg, 9, LIGHT.faint), f"ends {ends_on}")
    if seen is not None and seen > days[0]:
        words = f"as seen a week before: {formats.ahead(seen, today)}"
        dot(seen, foot - 0.08, tick(LIGHT.faint, 12, 2), words)
    left = bold(formats.count(balances[-1]))
    dot(days[-1], heights[-1], marker(LIGHT.series, 7), f"{left} left today")
    if grants := {it["day"]: it["granted"] for it in own if it["granted"]}:
        said = [
            hover(name, formats.dated(day), f"grant of {formats.count(it)}")
            for day, it in grants.items()
        ]
        look = {"symbol": "triangle-up", "color": LIGHT.accent, "size": 9}
        traces.append(dots(grants, [foot + 0.04] * len(grants), look, said))
    middle, right = foot - _FILLED / 2, _RIGHT - 2
    burn = f"{formats.count(row['burn_per_day'] or 0)} a day"
    burn += " or more" if row.get("or_sooner") else ""
    above: Part = {"font": INK, "yshift": 9}
    # Over the forecasts of credits that end soon.
    over = above | {"xref": "x", "bgcolor": LIGHT.bg, "borderpad": 0}
    top = {"x": 0, "font": MUTED}
    # The name and largest balance at the left, the end and the burn at the right.
    return traces, [
        beside(bold(safe(row["name"], 12)), middle, -_LEFT + 2, font=INK),
        beside(formats.count(most), foot - _FILLED, -6, right=True, **top),
        beside(left, heights[-1], 8, x=iso(today), **over),
        beside(bold(ends_on), middle, right, right=True, **above),
        beside(burn, middle, right, right=True, yshift=-9, font=MUTED),
    ]


def draw_ends(frame: pl.DataFrame, *, today: date, title: str, row_height: int = _END_ROW) -> Chart:
    """A line from today to the day on which the credits end, one row per stream.

    - `frame`: in the order to show; `name`, `runs_out_on` and `seen_before` as in `draw_balances`.
    - `today`: where the lines begin.
    """
    height = max(_LEAST, _TOP + _END_BOTTOM + row_height * frame.height)
    canvas = Canvas(title, height, (_END_LEFT, _END_RIGHT, _TOP, _END_BOTTOM))
    rows = frame.to_dicts()
    ends = [row["runs_out_on"] for row in rows if row["runs_out_on"] is not None]
    if not ends:
        return canvas.blank("No stream has credits that run out at this pace")
    first = min(ends)
    seen = [row["seen_before"] for row in rows if row["seen_before"] is not None]
    far = max([*ends, *seen, today + timedelta(days=14)])
    meanings = [("●", LIGHT.series, "runs out"), ("|", LIGHT.faint, "as seen a week before")]
    notes, traces, said = [key(meanings, x=-_END_LEFT + 2, lift=14)], [], []
    for at, row in enumerate(rows):
        end, before, is_first = row["runs_out_on"], row["seen_before"], row["runs_out_on"] == first
        told, when = _NO_END, "no end"
        if end is not None:
            told, when = f"runs out {formats.ahead(end, today)}", formats.day_ahead(end, today)
            style = {"color": LIGHT.series, "width": 3 if is_first else 1.75}
            traces.append(line([today, end], [at, at], style))
        if before is not None:
            told += f"; seen a week before: {formats.day_ahead(before, today)}"
        said.append(f"{formats.label(row['name'])} {told}")
        looks = (before, tick(LIGHT.faint, 15, 2)), (end, marker(LIGHT.series, 9))
        words = [hover(bold(safe(row["name"])), told)]
        traces += [dots([day], [at], look, words) for day, look in looks if day is not None]
        font = INK if is_first else MUTED
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
            "gridcolor": LIGHT.grid,
        },
        "yaxis": row_axis(len(rows)),
    }
    return canvas.chart(traces, layout, f" from {formats.dated(today)}: {'; '.join(said)}.")
