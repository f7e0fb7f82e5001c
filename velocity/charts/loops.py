"""Feedback loops: launch to result (machine), result to next launch (reaction)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, key, local, safe, value_axis, words_at
from velocity.charts.marks import bars, hover, outline, solid, upright
from velocity.theme import FONT_SIZE, SMALL_FONT_SIZE, Mode, Tokens

if TYPE_CHECKING:
    from datetime import date

#: Longer bars are cut off and labelled with their length.
_CUT_HOURS = 20.0
_CUT_TICKS = (0, 5, 10, 15, 20)
#: With more bars than this, a bar is only a pixel or two wide.
MOST_LOOPS = 400
#: Up to this many, a bar is wide enough to contain its length.
_MOST_WITH_LENGTH = 90
#: Width of one day label, as a fraction of the whole width.
_LABEL_PART = 1 / 24


def draw_loops(frame: pl.DataFrame, *, mode: Mode, title: str, zone: str) -> Chart:
    """One bar per loop in order of launch: machine below, reaction above; open parts outlined.

    Bars above 20 h are cut off and labelled with their length.

    - `frame`: one row per loop; `label` (str, null), `started_at` (aware datetime), `status`
      (closed, abandoned, awaiting, open), `machine_hours` (float), `machine_event` (bool,
      false where censored), `reaction_hours` (float, null while open), `reaction_event`
      (bool, null).
    - `zone`: IANA name of the zone in which days begin.
    """
    canvas = Canvas(title, mode, 250, (44, 12, 30, 26))
    if frame.is_empty():
        return canvas.blank()
    colour = canvas.colour
    shown = local(frame.sort("started_at").tail(MOST_LOOPS), ["started_at"], zone)
    total = pl.col("machine_hours") + pl.col("reaction_hours").fill_null(0)
    rows = shown.with_columns(total=total).to_dicts()
    largest = max(row["total"] for row in rows)
    cut = largest > _CUT_HOURS
    high = _CUT_HOURS if cut else max(largest * 1.05, 0.1)
    days = [row["started_at"].date() for row in rows]
    starts = [at for at, day in enumerate(days) if at == 0 or day != days[at - 1]]
    entries = [
        ("■", colour.machine, "machine: to result"),
        ("■", colour.reaction, "reaction: to next launch"),
        ("□", colour.reaction, "waiting"),
    ]
    slots, grid = max(len(rows), 12), {"color": colour.grid, "width": 1}
    layout = {
        "barmode": "overlay",
        "annotations": [key(entries)],
        "shapes": [upright(at - 0.5, grid) for at in starts if at],
        "xaxis": {"range": [-0.6, slots - 0.4], "ticks": "", **_day_axis(days, starts, slots)},
        "yaxis": value_axis(0, high, "hours", at=_CUT_TICKS if cut else None),
    }
    counts = shown["status"].value_counts(sort=True).iter_rows()
    split = ", ".join(f"{formats.count(number)} {status}" for status, number in counts)
    n = formats.sample(shown.height, "loop")
    alt = f", launched {formats.span(days[0], days[-1])}, {n}: {split}."
    note = f"The latest {formats.count(MOST_LOOPS)} of {formats.count(frame.height)} loops."
    left_out = frame.height > shown.height
    return canvas.chart(_bars(rows, high, colour), layout, alt, note=note if left_out else "")


def draw_share_bar(
    *,
    machine_hours: float,
    reaction_hours: float,
    reaction_share: float | None,
    loops: int,
    mode: Mode,
    title: str,
) -> Chart:
    """One bar for all hours of the closed loops (`loops` of them), labelled at both ends.

    The hours are sums over the closed loops; `reaction_share` is None without any.
    """
    canvas = Canvas(title, mode, 92, (0, 0, 24, 24))
    if reaction_share is None:
        return canvas.blank("No closed loop in this window")
    colour, whole, reaction = canvas.colour, machine_hours + reaction_hours, reaction_share * 100
    machine_per_cent, reaction_per_cent = 100 - round(reaction), round(reaction)
    below = (
        f"{formats.hours_sum(reaction_hours)} of {formats.hours_sum(whole)} in "
        f"{formats.plural(loops, 'closed loop')}"
    )
    traces, above, under = [], [], []
    for name, hours, fill, per_cent, words, left in (
        ("machine", machine_hours, colour.machine, machine_per_cent, None, True),
        ("reaction", reaction_hours, colour.reaction, reaction_per_cent, below, False),
    ):
        said = formats.hours_sum(hours)
        flat: Part = {"orientation": "h", "width": [1]}
        traces.append(bars([hours], [0], solid(fill), [f"{name} {said}"], **flat))
        place: Part = {"x": 0, "xanchor": "left", "xshift": 1}
        if not left:
            place = {"x": 1, "xanchor": "right", "xshift": -1}
        percent = f"{name} <b>{per_cent}{formats.NBSP}%</b>"
        strong: Part = {"yanchor": "bottom", "font": {"color": colour.text}, **place}
        above.append(words_at(percent, y=1, **strong))
        under.append(words_at(words or said, y=0, **{"yanchor": "top", **place}))
    layout = {
        "barmode": "stack",
        "annotations": above + under,
        "xaxis": {"visible": False, "range": [0, whole]},
        "yaxis": {"visible": False, "range": [-0.5, 0.5]},
    }
    alt = f": machine {machine_per_cent} %, reaction {reaction_per_cent} %; {below}."
    return canvas.chart(traces, layout, alt)


def _bars(rows: list[dict[str, Any]], high: float, colour: Tokens) -> list[Part]:
    with_length = len(rows) <= _MOST_WITH_LENGTH
    inside = {"textposition": "inside", "insidetextanchor": "end", "textangle": -90}
    traces = []
    for part, fill, on_fill in (
        ("machine", colour.machine, colour.bg),
        ("reaction", colour.reaction, colour.ink),
    ):
        for event in (True, False):
            cells = [
                cell
                for at, row in enumerate(rows)
                if row[f"{part}_hours"] is not None and bool(row[f"{part}_event"]) is event
                for cell in [_bar(at, row, part, high)]
                if cell["y"] > 0
            ]
            if not cells:
                continue
            trace = bars(
                [it["x"] for it in cells],
                [it["y"] for it in cells],
                solid(fill) if event else outline(fill),
                [_hover(rows[it["x"]]) for it in cells],
                base=[it["base"] for it in cells],
                width=0.72,
                text=[it["text"] if with_length else "" for it in cells],
                constraintext="none",
                insidetextfont={
                    "color": on_fill if event else colour.text,
                    "size": SMALL_FONT_SIZE,
                },
            )
            traces.append(trace | inside)
    return traces


def _bar(place: int, row: dict[str, Any], part: str, high: float) -> dict[str, Any]:
    base = 0.0 if part == "machine" else min(row["machine_hours"], high)
    top = min(row["machine_hours"] if part == "machine" else row["total"], high)
    # The label is in the part that is cut.
    cut = top == high and row["total"] > high and base < high
    return {"x": place, "base": base, "y": top - base, "text": _length(row) if cut else ""}


def _length(row: dict[str, Any]) -> str:
    ended = row["machine_event"] and row["reaction_event"]
    return ("" if ended else f">{formats.NBSP}") + formats.duration(round(row["total"]))


def _hover(row: dict[str, Any]) -> str:
    parts = [
        f"{part} {formats.duration(row[f'{part}_hours'])}"
        + ("" if row[f"{part}_event"] else " or more")
        for part in ("machine", "reaction")
        if row[f"{part}_hours"] is not None
    ]
    launched = f"launched {formats.weekday(row['started_at'])}, {formats.clock(row['started_at'])}"
    return hover(f"<b>{safe(row['label'])}</b>", launched, *parts, safe(row["status"]))


def _day_axis(days: list[date], starts: list[int], slots: int) -> Part:
    chosen: list[int] = []
    for at in starts:
        if not chosen or at - chosen[-1] >= slots * _LABEL_PART:
            chosen.append(at)
    words = [
        formats.day(days[at]) if at and days[at].month != days[last].month else str(days[at].day)
        for last, at in zip([0, *chosen], chosen, strict=False)
    ]
    return {"tickvals": chosen, "ticktext": words, "tickfont": {"size": FONT_SIZE}}
