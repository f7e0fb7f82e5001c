"""Runs and Data health: what happened, and what is doubtful."""

from collections.abc import Sequence

import polars as pl

from velocity import formats
from velocity.reading.periods import Window
from velocity.sentences.answer import Answer, Row, fits, fitting, joined, name, number

_FAILED = ("failed", "crashed", "stale")
#: Classes of runs, and what one and what many did. In the order of the sentence.
_OUTCOMES = (
    (("finished",), "finished", "finished"),
    (_FAILED, "failed", "failed"),
    (("killed",), "was killed", "were killed"),
    (("preempted",), "was pre-empted", "were pre-empted"),
    (("unknown",), "ended otherwise", "ended otherwise"),
    (("running",), "is running", "are running"),
    (("pending",), "is pending", "are pending"),
)
#: A smaller difference of hours comes from rounding in the last division.
_ROUNDING_HOURS = 1e-6
#: Count in `reads.trust` (or given beside it), noun, and what one and what many do. In order of
#: how much they mislead.
_DOUBTS = (
    ("unattributed", "run", "has no known scholar", "have no known scholar"),
    ("clock_runs", "run", "has impossible times", "have impossible times"),
    ("contradicted_runs", "run", "contradicts itself", "contradict themselves"),
    ("unknown_end_runs", "run", "has no known end", "have no known end"),
    ("rejected_rows", "row", "was skipped", "were skipped"),
    ("ambiguous", "experiment", "has no stream", "have no stream"),
    ("estimated_runs", "run", "has estimated sessions", "have estimated sessions"),
    ("stale_runs", "run", "is presumed dead", "are presumed dead"),
)


def runs(counts: pl.DataFrame, window: Window, *, chosen: Sequence[tuple[str, str]] = ()) -> Answer:
    """What became of the runs that started in the window, and that the filters leave.

    `counts` are the rows of `reads.run_counts` that are left; `chosen` are the filters in use, as
    a preposition and what was chosen: ("of", "Heron").
    """

    def of(classes: Sequence[str]) -> int:
        return int(counts.filter(pl.col("class").is_in(classes))["runs"].sum())

    whose = "".join(f" {how} {name(what)}" for how, what in chosen)
    started = int(counts["runs"].sum())
    days = formats.span(window.first, window.last)
    when = f"on {days}" if window.days == 1 else f"from {days}"
    if not started:
        return Answer(fitting(f"No run{whose} started {when}.", f"No run started {when}."))
    noun = formats.plural(started, "run")
    found = [(of(classes), one, many) for classes, one, many in _OUTCOMES if of(classes)]
    told = ", ".join(f"{formats.count(n)} {one if n == 1 else many}" for n, one, many in found)
    if len(found) == 1 and started > 1:
        told = f"all {found[0][2]}"
    starts = [f"{noun}{whose} started {when}", f"{noun} started {when}"]
    sentence = fitting(*(f"{it}: {told}." for it in starts), *(f"{it}." for it in starts))
    failed, ended, support = of(_FAILED), started - of(("running", "pending")), []
    early, repeated = (int(counts[it].sum()) for it in ("early_failures", "runs_rework"))
    if failed and ended >= formats.MEDIAN_EVENTS:
        share = formats.capitalised(formats.share(failed / ended))
        soon = f", {formats.count(early)} of them within 2 minutes" if early else ""
        support.append(f"{share} of the {formats.count(ended)} runs that ended failed{soon}.")
    if repeated and started >= formats.MEDIAN_EVENTS:
        repeats = f"{formats.plural(repeated, 'run')} {'repeats' if repeated == 1 else 'repeat'}"
        support.append(f"{repeats} a config that had failed before.")
    return Answer(sentence, joined(*support))


def data_health(
    *,
    trust: Row,
    unattributed: pl.DataFrame,
    ambiguous: pl.DataFrame,
    syncs: pl.DataFrame,
    residual_hours: float,
) -> Answer:
    """What is doubtful: a bug of this tool, a failed sync, then rows that could mislead.

    Each argument is the read of that name; `syncs` is `reads.sync_log`, newest first, and
    `residual_hours` of `reads.littles_law_residual`.
    """
    count = int(number(trust, "runs"))
    beside = {"unattributed": unattributed["runs"], "ambiguous": ambiguous["experiments"]}
    counts = {**trust, **{what: int(column.sum()) for what, column in beside.items()}}
    doubts = [
        f"{formats.plural(counts[what], noun)} {one if counts[what] == 1 else many}"
        for what, noun, one, many in _DOUBTS
        if counts.get(what)
    ]
    if abs(residual_hours) > _ROUNDING_HOURS:
        return Answer(
            "Daily figures and runs do not add up: a bug in this tool; please report it.",
            joined(f"They differ by {formats.duration(abs(residual_hours))}.", _listed(doubts)),
        )
    last = syncs.unique(["entity", "project"], keep="first", maintain_order=True)
    if failed := last.drop_nulls("error").select("entity", "project").rows():
        of, their = f"{formats.count(len(failed))} projects", "their"
        if len(failed) == 1:
            of, their = " / ".join(name(it, 20) for it in failed[0]), "its"
        sentence = f"The last sync of {of} failed; {their} figures end earlier."
        return Answer(sentence, _listed(doubts))
    if not count:
        return Answer("There are no runs yet.", _listed(doubts))
    if not doubts:
        every = f"all {formats.count(count)} runs have" if count > 1 else "the one run has"
        known = "a known scholar, a sound clock and a known end"
        return Answer(f"Nothing is doubtful: {every} {known}.")
    n, (first, *more) = formats.sample(count, "run"), doubts
    both = f"{first}, and {more[0]} ({n})." if more else ""
    if both and fits(both):
        return Answer(both, _listed(more[1:], "also "))
    sentence = fitting(f"{first} ({n}).", "Some runs are doubtful.")
    return Answer(sentence, _listed(more, "also "))


def _listed(doubts: Sequence[str], also: str = "") -> str:
    """As many of the doubts as fit on the line."""
    told = [f"{also}{it}" for it in doubts[:1]] + [*doubts[1:]]
    return formats.capitalised(joined(*told, sign="; ", end="."))
