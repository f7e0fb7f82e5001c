"""What compute bought, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.reading.mine import largest_remainder
from velocity.sentences.answer import Row, number
from velocity.sentences.headline import dates
from velocity.sentences.mine import html_key
from velocity.theme import tokens

if TYPE_CHECKING:
    from velocity.reading.periods import Window
    from velocity.theme import Mode

HELP = (
    "GPU-hours are charged for the GPUs of a run's machine while it ran: allocation, not "
    "utilisation. All runs count, and are divided by the experiments that concluded."
)
_WORDS = {"led": "of finished runs", "failed": "of failed runs", "other": "of all others"}


def over(window: Window) -> str:
    """The caption: the days, and what is counted."""
    return f"{dates(window.first, window.last)}. Allocation, not utilisation."


def parts(now: Row) -> pl.DataFrame:
    """GPU-hours by what they led to, with whole per cent that add up to 100.

    Returns:
        `part`, `words`, `gpu_hours`, `per_cent`, in the order of the bar.
    """
    whole, failed = number(now, "gpu_hours"), number(now, "gpu_hours_failed")
    finished = whole * number(now, "productive_share")
    rest = max(whole - finished - failed, 0.0)
    amounts = {"led": finished, "failed": failed, "other": rest if rest > 1e-6 * whole else 0.0}
    per_cent = largest_remainder(amounts)
    rows = [(it, _WORDS[it], hours, per_cent[it]) for it, hours in amounts.items()]
    schema = {"part": pl.String, "words": pl.String, "gpu_hours": pl.Float64, "per_cent": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def figures(now: Row) -> list[tuple[str, str]]:
    """GPU-hours, GPU-hours per concluded experiment, credits."""
    cost = per_concluded(now)
    each = formats.NOT_KNOWN if cost is None else f"{formats.count(round(cost))}{formats.NBSP}GPU-h"
    return [
        ("GPU-hours", formats.count(round(number(now, "gpu_hours")))),
        ("Per concluded", each),
        ("Credits", formats.count(round(number(now, "credits")))),
    ]


def per_concluded(row: Row) -> float | None:
    """GPU-hours per concluded experiment; None without one."""
    concluded = number(row, "experiments_concluded")
    return number(row, "gpu_hours") / concluded if concluded else None


def compared(now: Row, before: Row | None) -> str:
    """The cost of a concluded experiment, beside that of the weeks before."""
    cost = per_concluded(now)
    if cost is None:
        return "No experiment concluded in these days."
    said = f"A concluded experiment took {formats.count(round(cost))} GPU-hours"
    old = None if before is None else per_concluded(before)
    if old is None:
        return f"{said}."
    return f"{said}, {formats.count(round(old))} in the 8 weeks before."


def unknown(now: Row) -> str:
    """Run hours whose GPUs are not known; "" if there are none."""
    hours = number(now, "unpriced_run_hours")
    if not round(hours):
        return ""
    return f"The GPU count of {formats.hours_sum(hours)} of runs is not recorded: not in these."


def key(frame: pl.DataFrame, mode: Mode) -> str:
    """The key of the bar as HTML, with the shares."""
    colour = tokens(mode)
    looks = {
        "led": ("■", colour.series),
        "failed": ("▨", colour.failed),
        "other": ("□", colour.muted),
    }
    entries = [
        (*looks[row["part"]], f"{row['words']} {row['per_cent']}&nbsp;%")
        for row in frame.iter_rows(named=True)
    ]
    return html_key(entries, colour.muted)
