"""The first sentence of Runs: how many started in the window, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.sentences.answer import ENOUGH, Answer, capitalised, fitting, joined, name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocity.reading.periods import Window

#: Classes of runs, and what one and what many did. In the order of the sentence.
_OUTCOMES = (
    (("finished",), "finished", "finished"),
    (("failed", "crashed", "stale"), "failed", "failed"),
    (("killed",), "was killed", "were killed"),
    (("preempted",), "was pre-empted", "were pre-empted"),
    (("unknown",), "ended otherwise", "ended otherwise"),
    (("running",), "is running", "are running"),
    (("pending",), "is pending", "are pending"),
)
_NOT_ENDED = ("running", "pending")


def runs(counts: pl.DataFrame, window: Window, *, chosen: Sequence[tuple[str, str]] = ()) -> Answer:
    """What became of the runs that started in the window, and that the filters leave.

    Args:
        counts: the rows of `reads.run_counts` that are left.
        window: the days.
        chosen: the filters in use, as a preposition and what was chosen: ("of", "Heron").
    """
    whose = "".join(f" {how} {name(what)}" for how, what in chosen)
    started = int(counts["runs"].sum())
    days = formats.span(window.first, window.last)
    when = f"on {days}" if window.days == 1 else f"from {days}"
    if not started:
        return Answer(fitting(f"No run{whose} started {when}.", f"No run started {when}."))
    noun = formats.plural(started, "run")
    outcomes = _outcomes(counts, started)
    sentence = fitting(
        f"{noun}{whose} started {when}: {outcomes}.",
        f"{noun} started {when}: {outcomes}.",
        f"{noun}{whose} started {when}.",
        f"{noun} started {when}.",
    )
    return Answer(sentence, joined(_failed(counts), _rework(counts, started)))


def _outcomes(counts: pl.DataFrame, started: int) -> str:
    found = [
        (_runs_of(counts, classes), one, many)
        for classes, one, many in _OUTCOMES
        if _runs_of(counts, classes)
    ]
    if len(found) == 1 and started > 1:
        return f"all {found[0][2]}"
    return ", ".join(f"{formats.count(n)} {one if n == 1 else many}" for n, one, many in found)


def _runs_of(counts: pl.DataFrame, classes: Sequence[str]) -> int:
    return int(counts.filter(pl.col("class").is_in(classes))["runs"].sum())


def _failed(counts: pl.DataFrame) -> str:
    ended = int(counts.filter(~pl.col("class").is_in(_NOT_ENDED))["runs"].sum())
    failed = _runs_of(counts, ("failed", "crashed", "stale"))
    if ended < ENOUGH or not failed:
        return ""
    early = int(counts["early_failures"].sum())
    within = f", {formats.count(early)} of them within 2 minutes" if early else ""
    share = capitalised(formats.share(failed / ended))
    return f"{share} of the {formats.count(ended)} runs that ended failed{within}."


def _rework(counts: pl.DataFrame, started: int) -> str:
    repeated = int(counts["runs_rework"].sum())
    if not repeated or started < ENOUGH:
        return ""
    noun = formats.plural(repeated, "run")
    verb = "repeats" if repeated == 1 else "repeat"
    return f"{noun} {verb} a config that had failed before."
