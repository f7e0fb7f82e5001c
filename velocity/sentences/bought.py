"""What compute bought, in words."""

import polars as pl

from velocity import formats
from velocity.reading.mine import largest_remainder
from velocity.reading.periods import Window
from velocity.sentences.answer import Row, automated, defined, listed, name, number, weeks_before
from velocity.sentences.facts import Change, Key, dates

_COST = "gpu_hours_per_concluded"
#: Part -> its words, and its mark and colour in the key.
_PARTS = {
    "led": ("finished", "■", "series"),
    "killed": ("killed, often good practice", "□", "killed"),
    "failed": ("failed", "▨", "failed"),
    "other": ("running or other", "□", "muted"),
}


def over(window: Window) -> str:
    """The caption: the days, and what is counted."""
    return f"{dates(window.first, window.last)}. Allocation, not utilisation."


def parts(now: Row) -> pl.DataFrame:
    """GPU-hours by what they led to, with whole per cent that add up to 100.

    Returns:
        `part`, `words`, `gpu_hours`, `per_cent`, in the order of the bar.
    """
    whole, killed = number(now, "gpu_hours"), number(now, "killed_gpu_hours")
    led, failed = whole * number(now, "productive_share"), number(now, "gpu_hours_failed")
    rest = max(whole - (led + killed + failed), 0.0)
    rest = rest if rest > 1e-6 * whole else 0.0
    amounts = dict(zip(_PARTS, (led, killed, failed, rest), strict=True))
    per_cent = largest_remainder(amounts)
    rows = [(it, _PARTS[it][0], hours, per_cent[it]) for it, hours in amounts.items()]
    schema = {"part": pl.String, "words": pl.String, "gpu_hours": pl.Float64, "per_cent": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def figures(now: Row) -> list[tuple[str, str, str]]:
    """GPU-hours, GPU-hours per concluded experiment, credits: label, value and tooltip."""
    cost = now.get(_COST)
    each = formats.NOT_KNOWN if cost is None else f"{formats.rate(cost)}{formats.NBSP}GPU-h"
    whole, paid = (formats.rate(number(now, it)) for it in ("gpu_hours", "credits"))
    if _is_unknown(now):
        each = whole = paid = "not recorded"
    charged = "Charged for the GPUs of a run's machine while it ran: allocation, not utilisation."
    divided = "GPU-hours of all runs, divided by the experiments that concluded."
    priced = "GPU-hours at the price of their GPU on that day."
    return [
        ("GPU-hours", whole, defined(charged, "gpu_hours")),
        ("Per concluded", each, defined(divided, "gpu_hours_per_concluded")),
        ("Credits", paid, defined(priced, "credits")),
    ]


def compared(now: Row, before: Row | None, change: Change | None = None) -> str:
    """The cost of a concluded experiment, beside that before a lasting change or this period."""
    cost, old = now.get(_COST), (before or {}).get(_COST)
    if cost is None:
        return "No experiment concluded in these days."
    if _is_unknown(now):
        return ""
    then = f", {formats.rate(old)} {weeks_before(before)}" if before and old else ""
    if automated(now) or automated(before):  # their number decides what all cost
        then = ", with those of automation"
    elif change is not None:
        since, was = (formats.rate(it) for it in (change.now, change.before))
        then = f": {since} since {formats.day(change.since)}, {was} before"
    return f"A concluded experiment took {formats.rate(cost, 'GPU-hour')}{then}."


def _is_unknown(now: Row) -> bool:
    """Whether runs were charged nothing only because none has a known GPU count."""
    return not number(now, "gpu_hours") and number(now, "unpriced_run_hours") > 0


def of_streams(spent: pl.DataFrame, scholar: str) -> str:
    """Which share of the credits of their streams a scholar spent; "" if none is known.

    `spent`: rows of `reads.compute_table` by scholar, of the streams that the viewer may see.
    """
    whole, theirs = pl.col("credits").sum(), pl.col("credits").filter(scholar=scholar).sum()
    streams = spent.filter(kind="scholar").group_by("stream", "name", maintain_order=True)
    told = [
        f"{formats.share(own / total)} of {formats.possessive(name(stream))} credits"
        for _, stream, own, total in streams.agg(own=theirs, whole=whole).iter_rows()
        if own
    ]
    return f"All of these runs took {listed(told)}." if told else ""


def after_decision(now: Row) -> str:
    """GPU-hours that ran on after the next launch; "" if there are none."""
    hours = round(number(now, "after_decision_gpu_hours"))
    said = f"{formats.count(hours)} of these GPU-hours ran on after the next launch of their line."
    return said if hours else ""


def unknown(now: Row) -> str:
    """Run hours whose GPUs are not known; "" if there are none."""
    hours = number(now, "unpriced_run_hours")
    said = f"The GPU count of {formats.hours_sum(hours)} of runs is not recorded: not in these."
    return said if round(hours) else ""


def key(frame: pl.DataFrame) -> Key:
    """The key of the bar, with the shares."""
    return [
        (*_PARTS[part][1:], f"{words} {formats.part(per_cent, hours)}")
        for part, words, hours, per_cent in frame.filter(pl.col("gpu_hours") > 0).iter_rows()
    ]
