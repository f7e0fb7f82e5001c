"""What GPU-hours led to, as one stacked bar, and their cost per concluded experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part
from velocity.charts.marks import bars, hatched, outline, solid

if TYPE_CHECKING:
    import polars as pl

    from velocity.theme import Mode, Tokens

_HEIGHT = 34
Look = Literal["led", "after", "killed", "failed", "other"]


def draw_bought(frame: pl.DataFrame, *, mode: Mode, title: str) -> Chart:
    """One stacked bar of GPU-hours by what they led to.

    - `frame`: one row per part, in order; `part` (a `Look`), `words` (str), `gpu_hours` (float),
      `per_cent` (int, the parts add up to 100).
    """
    canvas = Canvas(title, mode, _HEIGHT, (1, 1, 2, 2))
    rows = frame.filter(frame["gpu_hours"] > 0).to_dicts()
    if not rows:
        return canvas.blank("No GPU-hours in these days")
    flat: Part = {"orientation": "h", "width": [0.9]}
    traces = [
        bars([row["gpu_hours"]], [0], look_of(row["part"], canvas.colour), [_said(row)], **flat)
        for row in rows
    ]
    layout = {
        "barmode": "stack",
        "xaxis": {"visible": False, "range": [0, sum(row["gpu_hours"] for row in rows)]},
        "yaxis": {"visible": False, "range": [-0.5, 0.5]},
    }
    return canvas.chart(traces, layout, f": {', '.join(map(_said, rows))}.")


def look_of(part: Look, colour: Tokens) -> Part:
    """The look of a part's bar."""
    looks = {
        "led": solid(colour.series),
        "after": solid(colour.faint),
        "killed": outline(colour.killed),
        "failed": hatched(colour.failed, colour.bg),
        "other": outline(colour.muted),
    }
    return looks[part]


def _said(row: Part) -> str:
    share = formats.part(row["per_cent"], row["gpu_hours"])
    return f"{row['words']} {share}, {formats.count(row['gpu_hours'])} GPU-hours"
