"""The headline figures of the programme, as tiles say them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from velocity import formats

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, Any]


@dataclass(frozen=True)
class Tile:
    """A headline figure and the words around it, as `ui.tile` takes them."""

    label: str
    value: str
    change: str
    before: str
    second: str
    note: str


def concluded(now: Row, before: Row | None) -> Tile:
    """Concluded experiments a week, with the share of failed runs beside it."""
    low, high = (formats.rate(now[f"throughput_per_week_{end}"]) for end in ("low", "high"))
    return Tile(
        "Concluded experiments a week",
        formats.rate(now["throughput_per_week"]),
        *_against(now, before, "throughput_per_week", formats.count_change, formats.rate),
        _known(now["failure_share"], "{} of runs failed", formats.share, "no run has ended"),
        f"{formats.sample(now['experiments_concluded'])}, 95 % limits {low} to {high} a week",
    )


def serial(now: Row, before: Row | None, scholars: int) -> Tile:
    """The serial share, with P beside it."""
    return Tile(
        "Serial share of busy hours",
        formats.share(now["serial_share"]),
        *_against(now, before, "serial_share", formats.points, formats.share),
        _known(
            now["experiment_parallelism"],
            "P {} lines of thought in flight",
            lambda value: f"{value:.2f}",
            "nothing was in flight",
        ),
        f"{formats.plural(round(now['busy_hours']), 'busy hour')}, "
        f"{formats.plural(scholars, 'scholar')}",
    )


def loop(now: Row, before: Row | None) -> Tile:
    """The median loop, split into machine and reaction; in words while there are too few."""
    closed = formats.count(now["loops_closed"])
    n = f"{formats.sample(now['loop_hours_n'], 'loop')}, {closed} closed"
    if now["loop_hours_events"] < formats.MEDIAN_EVENTS:
        few = formats.too_few(now["loop_hours_events"])
        return Tile("Feedback loop, median", "no median", "too few loops", "", few, n)
    low, high = (now[f"loop_hours_{end}"] for end in ("low", "high"))
    limits = formats.median(now["loop_hours_median"], low, high).partition(" (")[2].rstrip(")")
    return Tile(
        "Feedback loop, median",
        _median(now, "loop_hours"),
        *_against(now, before, "loop_hours_median", formats.duration_change, formats.duration),
        f"machine {_median(now, 'machine_hours')}, reaction {_median(now, 'reaction_hours')}",
        f"{n}, 95 % limits {limits}" if limits else n,
    )


def credits_left(now: Row, ledger: Row | None) -> Tile:
    """Credits left and how long they last; spent in the window in place of a change.

    Args:
        now: the row of `reads.metrics` over the window.
        ledger: as `charged` gives it.
    """
    if ledger is None:
        hours = f"{formats.count(now['gpu_hours'])} GPU-hours; allocation, not use"
        return Tile(
            "Credits left",
            formats.NOT_KNOWN,
            "no credits",
            "",
            "no credits granted or priced",
            hours,
        )
    runway, until = ledger["runway_days"], ledger["exhausted_on"]
    lasts = "used up" if ledger["credits_left"] <= 0 else "none spent in the last 14 days"
    if runway is not None and runway > formats.LONG_RUNWAY_DAYS:
        lasts = "more than ten years at the last 14 days' pace"
    elif runway is not None and runway > 0:
        lasts = f"{formats.plural(int(runway), 'day')} at the last 14 days' pace"
    return Tile(
        "Credits left",
        formats.count(ledger["credits_left"]),
        f"{formats.count(now['credits'])} spent",
        "in the window",
        lasts,
        f"runs out {formats.day(until)}; allocation, not use" if until else "allocation, not use",
    )


def _median(now: Row, name: str) -> str:
    """A median, its limits apart; "> 31 h" where it was never reached."""
    if now[f"{name}_events"] < formats.MEDIAN_EVENTS:
        return formats.NOT_KNOWN
    return formats.median(now[f"{name}_median"], largest=now[f"{name}_largest"])


def _against(
    now: Row,
    before: Row | None,
    name: str,
    change: Callable[[float | None], str],
    write: Callable[[float | None], str],
) -> tuple[str, str]:
    """The change of a figure and what it was before."""
    if before is None:
        return "no four weeks before", ""
    if now[name] is None or before[name] is None:
        return f"from {write(before[name])}", ""
    return change(now[name] - before[name]), f"from {write(before[name])}"


def _known(
    value: float | None, words: str, write: Callable[[float | None], str], otherwise: str
) -> str:
    return otherwise if value is None else words.format(write(value))
