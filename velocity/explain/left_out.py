"""Rows that an explanation calls excluded, imputed or flagged, and why."""

import polars as pl
from polars import col

from velocity import formats
from velocity.explain.rows import Rows
from velocity.explain.sums import day_words
from velocity.reading import reads
from velocity.reading.frames import worded

#: Kind -> condition -> why.
_Rules = dict[str, dict[str, str]]
_RUNS: _Rules = {
    "excluded": {
        "excluded = 'ignored'": "a rule leaves it out of every figure",
        "excluded = 'pending'": "pending: has not started, does not count yet",
        "excluded = 'after_as_of'": "starts after the end of the data: counts from the next sync",
        "excluded = 'same_run'": "the same run is in another project and counts there",
        "excluded = 'allocation'": "a job of a scheduler: the runs inside it count instead",
        "excluded = 'clock_unset'": "its clock was never set: when it ran is not known",
    },
    "imputed": {
        "start_source = 'created' AND excluded IS NULL": "start not known: creation time instead",
        "start_source = 'rows'": "start not known: last logged row minus runtime",
        "class = 'running' AND excluded IS NULL": "still running: counts to the end of the data",
        "class = 'stale' AND excluded IS NULL": "no recent heartbeat: ended at the last one",
        "estimated AND start_source <> 'rows'": "several sessions, some of them estimated",
        "end_source IN ('heartbeat', 'last_metric')": (
            "no usable runtime: ended at its last heartbeat or logged row"
        ),
    },
    "flagged": {
        "end_source = 'unknown'": "end not known: has no length",
        "clock": "clock in doubt: its experiment is left out of latency",
    },
}
_EXPERIMENTS: _Rules = {
    "excluded": {
        "clock": "has a run with its clock in doubt: no loop",
        "outcome = 'false_start'": "false start: no loop of its own",
    }
}
_NO_GPUS = {"gpus IS NULL": "GPUs not known: its hours count as unknown GPUs and cost nothing"}
_NO_RATE = {
    "gpus IS NOT NULL AND credits_per_gpu_hour IS NULL": (
        "no rate for its GPU type on that day: costs nothing"
    )
}
_GRANTS: _Rules = {"excluded": {"credits IS NULL": "after the end of the data: not granted yet"}}
#: Flags with a rule of their own above.
_IN_RULES = ("clock", "estimated", "unknown_end", "same_run")


def left_out(
    rows: Rows, charges: pl.DataFrame, grants: pl.DataFrame, *, in_credits: bool
) -> pl.DataFrame:
    """One row per run, experiment or grant, and reason: `kind`, `what`, `why`.

    `charges` and `grants` are rows of these kinds, empty for other figures; a missing rate matters
    for figures in credits.
    """
    of_charges: _Rules = {"excluded": _NO_GPUS | (_NO_RATE if in_credits else {})}
    found = [
        frame.filter(pl.sql_expr(condition)).select(
            kind=pl.lit(kind), what=pl.format(f"{noun} {{}}", name), why=pl.lit(why)
        )
        for frame, noun, name, rules in (
            (rows.of("runs"), "run", col("name"), _RUNS),
            (rows.of("experiments"), "experiment", col("name"), _EXPERIMENTS),
            (charges, "run", col("name"), of_charges),
            (grants, "grant of", day_words("day"), _GRANTS),
        )
        if frame.width
        for kind, reasons in rules.items()
        for condition, why in reasons.items()
    ]
    # A run has a charge per session and day, but one reason.
    every = pl.concat([*found, _flagged(rows)]).unique(maintain_order=True)
    return every.sort("kind", maintain_order=True)


def _flagged(rows: Rows) -> pl.DataFrame:
    """A row for each fault of a run without a rule above."""
    held = rows.of("runs").select("name", flag=col("flags").str.split(" ")).explode("flag")
    faults = reads.flags(rows.snapshot, scope=rows.scope).filter("fault")
    meant = faults.select(
        "flag", *(worded(faults[name], formats.mid_sentence) for name in ("held", "used"))
    )
    return (
        held.filter(~col("flag").is_in(_IN_RULES))
        .join(meant, on="flag", maintain_order="left")
        .select(
            kind=pl.lit("flagged"),
            what=pl.format("run {}", "name"),
            why=pl.format("{}: {}; what counts: {}", "flag", "held", "used"),
        )
    )
