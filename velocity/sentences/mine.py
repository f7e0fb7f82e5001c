"""My velocity: which half of my loop takes the time, and what would help?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.sentences.answer import (
    ENOUGH,
    Answer,
    Row,
    capitalised,
    few_of,
    fitting,
    joined,
    number,
)
from velocity.sentences.medians import Median

if TYPE_CHECKING:
    from collections.abc import Sequence

#: From this share of the closed loops' hours on, one half dominates.
DOMINANT = 0.6
#: From this share of the reaction on, most waiting is outside the awake window.
MOSTLY = 0.5
#: "Near 1": a fifth to either side, on the scale of ratios. A ratio of fewer loops varies too much.
BLIND_LOW, BLIND_HIGH = 0.8, 1.25
BLIND_LOOPS = 30
#: From this serial share on, a second experiment in flight is worth offering.
SERIAL = 0.6

_DAY_MINUTES = 24 * 60


def launches_look_unrelated(lines: pl.DataFrame) -> bool:
    """Whether launches look unrelated to results, so that the reaction figure says little.

    True if the lines with a blind ratio near 1 have at least half of the loops. `lines` are
    `reads.lines` of one scholar over all the data: 14 days rarely have enough loops.
    """
    return bool(2 * _near_one(lines)["loops"].sum() >= lines["loops"].sum() > 0)


def _near_one(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines whose launches look unrelated to results, most loops first."""
    near = pl.col("blind_ratio").is_between(BLIND_LOW, BLIND_HIGH)
    return lines.filter(near & (pl.col("loops") >= BLIND_LOOPS)).sort("loops", descending=True)


def my_velocity(
    *, figures: Row | None, lines: pl.DataFrame, awake: Sequence[int], own: bool
) -> Answer:
    """Which half of the loop dominates, and one step that would help.

    Args:
        figures: the scholar's row of `reads.metrics` over the window; None without one.
        lines: `reads.lines` of the scholar over all the data.
        awake: start and end of the awake window, minutes of the day.
        own: whether the reader is the scholar.
    """
    row = figures or {}
    closed = int(number(row, "loops_closed"))
    loop = "your loop" if own else "the loop"
    next_launch = "your next launch" if own else "the next launch"
    loops = closed + sum(
        int(number(row, f"loops_{it}")) for it in ("abandoned", "awaiting", "open")
    )
    if not loops and not number(row, "busy_hours"):
        return Answer(
            f"{'You' if own else 'This scholar'} had nothing in flight in this window.",
            "A longer window shows more; Data health lists runs without a known scholar.",
        )
    share = row.get("reaction_share")
    if closed < ENOUGH or share is None:
        return Answer(_too_few(row, closed), joined(_open_ends(row, next_launch)))
    n, machine = formats.sample(closed), _median(row, "machine_hours", "Machine time")
    if launches_look_unrelated(lines):
        return Answer(
            f"{'Your launches' if own else 'Launches'} look unrelated to results "
            f"({formats.sample(int(lines['loops'].sum()))}), so the reaction time says little.",
            joined(_blind(lines), machine),
        )
    if share >= DOMINANT:
        start = f"Waiting for {next_launch} is {formats.share(share)} of {loop} ({n})"
        return Answer(*_reaction(row, start, awake))
    if share <= 1 - DOMINANT:
        start = f"Waiting for results is {formats.share(1 - share)} of {loop} ({n})"
        return Answer(f"{start}: a smaller pilot would shorten it.", joined(machine, _serial(row)))
    return Answer(
        f"Neither half dominates {loop} ({n}): results take {formats.share(1 - share)}, the next "
        f"launch {formats.share(share)}.",
        joined(_median(row, "loop_hours", "The loop"), _serial(row)),
    )


def _too_few(row: Row, closed: int) -> str:
    flying = int(number(row, "loops_open"))
    if not closed and flying and not number(row, "loops_awaiting"):
        none = "it has no result" if flying == 1 else "none has a result"
        be = "is" if flying == 1 else "are"
        return f"{capitalised(few_of(flying, 'experiment'))} {be} in flight and {none} yet."
    if not closed:
        return f"No closed loop so far; medians start at {ENOUGH} events."
    return formats.too_few(closed)


def _open_ends(row: Row, next_launch: str) -> str:
    """How many results wait, and how many experiments are in flight."""
    waiting, flying = int(number(row, "loops_awaiting")), int(number(row, "loops_open"))
    said = []
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        said.append(f"{few_of(waiting, 'result')} {verb} for {next_launch}")
    if flying:
        said.append(f"{few_of(flying, 'experiment')} {'is' if flying == 1 else 'are'} in flight")
    return f"{capitalised(' and '.join(said))}." if said else ""


def _reaction(row: Row, start: str, awake: Sequence[int]) -> tuple[str, str]:
    """Whether the wait is inside the awake window, and what would shorten it."""
    off, window = row.get("reaction_off_share"), _window(awake)
    advice = joined(
        "Queuing the next experiment before a result is due would shorten it.",
        _median(row, "reaction_hours", "Reaction"),
    )
    if off is None or window is None:
        return f"{start}.", advice
    share, place = (off, "outside") if off >= MOSTLY else (1 - off, "inside")
    if off >= MOSTLY:
        advice = (
            "Queuing a second experiment before the evening, or a smaller pilot that ends the same "
            "day, would use those hours."
        )
    sentence = fitting(
        f"{start}: {formats.share(share)} of that waiting is {place} {window}.",
        f"{start}, most of it {place} {window}.",
    )
    return sentence, advice


def _window(awake: Sequence[int]) -> str | None:
    """The awake window in words; None if it is the whole day."""
    start, end = awake
    if (end - start) % _DAY_MINUTES == 0:
        return None
    return f"{_clock(start)} to {_clock(end)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _blind(lines: pl.DataFrame) -> str:
    ratio = _near_one(lines)["blind_ratio"][0]
    return f"Launches come as often without a result as after one (blind ratio {ratio:.2f})."


def _median(row: Row, measure: str, what: str) -> str:
    """A median with its limits and n; "" without one."""
    median = Median.of(row, measure)
    if median.value is None or not median.enough:
        return ""
    return f"{what} has a median of {median.words()}, {formats.sample(median.n)}."


def _serial(row: Row) -> str:
    """Suggests a second experiment if there is mostly one in flight."""
    serial = row.get("serial_share")
    if serial is None or serial < SERIAL or number(row, "experiments_started") < ENOUGH:
        return ""
    busy = formats.hours_sum(number(row, "busy_hours"))
    share = formats.share(serial)
    return f"{share} of {busy} busy are serial: a second experiment would use the wait."
