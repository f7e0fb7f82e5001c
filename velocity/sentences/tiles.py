"""Headline figures and counts of the present moment, as tiles say them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from velocity import formats
from velocity.sentences.medians import Median

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Row = dict[str, Any]


@dataclass(frozen=True)
class Tile:
    """A figure and the words around it, as `ui.tile` takes them."""

    label: str
    value: str
    change: str = ""
    before: str = ""
    second: str = ""
    note: str = ""


def concluded(now: Row, before: Row | None) -> Tile:
    """Concluded experiments a week, with the share of failed runs beside it."""
    low, high = (formats.rate(now[f"throughput_per_week_{end}"]) for end in ("low", "high"))
    failed = now["failure_share"]
    return Tile(
        "Concluded experiments a week",
        formats.rate(now["throughput_per_week"]),
        *_against(now, before, "throughput_per_week", formats.count_change, formats.rate),
        "no run has ended" if failed is None else f"{formats.share(failed)} of runs failed",
        f"{formats.sample(now['experiments_concluded'])}, 95 % limits {low} to {high} a week",
    )


def serial(now: Row, before: Row | None, scholars: int) -> Tile:
    """The serial share, with P beside it."""
    return Tile(
        "Serial share of busy hours",
        formats.share(now["serial_share"]),
        *_against(now, before, "serial_share", formats.points, formats.share),
        at_once(now) or "nothing was in flight",
        f"{formats.plural(round(now['busy_hours']), 'busy hour')}, "
        f"{formats.plural(scholars, 'scholar')}",
    )


def at_once(row: Mapping[str, Any]) -> str:
    """P in words; "" when nothing was in flight."""
    parallel = row["experiment_parallelism"]
    return "" if parallel is None else f"P {parallel:.2f} experiments at once, on average"


def loop(now: Row, before: Row | None) -> Tile:
    """The median loop, split into machine and reaction; words if there are too few loops."""
    title, median = "Feedback loop, median", Median.of(now, "loop_hours")
    n = f"{formats.sample(median.n, 'loop')}, {formats.count(now['loops_closed'])} closed"
    if not median.enough:
        return Tile(title, "no median", "too few loops", second=median.words(), note=n)
    machine, reaction = (Median.of(now, f"{it}_hours").alone for it in ("machine", "reaction"))
    return Tile(
        title,
        median.alone,
        *_against(now, before, "loop_hours_median", formats.duration_change, formats.duration),
        f"machine {machine}, reaction {reaction}",
        f"{n}, 95 % limits {median.limits}" if median.limits else n,
    )


def credits_left(now: Row, ledger: Row | None) -> Tile:
    """Credits left and how long they last; credits spent in the window instead of a change.

    `now` is the row of `reads.metrics` over the window, `ledger` a row of `charged`.
    """
    title, allocation = "Credits left", "allocation, not use"
    if ledger is None:
        hours = f"{formats.count(now['gpu_hours'])} GPU-hours; {allocation}"
        none = "no credits granted or priced"
        return Tile(title, formats.NOT_KNOWN, "no credits", second=none, note=hours)
    runway, until = ledger["runway_days"], ledger["exhausted_on"]
    lasts = "used up" if ledger["credits_left"] <= 0 else "none spent in the last 14 days"
    if runway is not None and runway > formats.LONG_RUNWAY_DAYS:
        lasts = "more than ten years at the last 14 days' pace"
    elif runway is not None and runway > 0:
        lasts = f"{formats.plural(int(runway), 'day')} at the last 14 days' pace"
    return Tile(
        title,
        formats.count(ledger["credits_left"]),
        f"{formats.count(now['credits'])} spent",
        "in the window",
        lasts,
        f"runs out {formats.day(until)}; {allocation}" if until else allocation,
    )


def _against(
    now: Row,
    before: Row | None,
    name: str,
    change: Callable[[float | None], str],
    write: Callable[[float | None], str],
) -> tuple[str, str]:
    """The change of a figure, and its earlier value."""
    if before is None:
        return "no earlier four weeks", ""
    earlier = f"from {write(before[name])}"
    if now[name] is None or before[name] is None:
        return earlier, ""
    return change(now[name] - before[name]), earlier
