"""Rows that an explanation calls excluded, imputed or flagged, and why."""

from __future__ import annotations

import polars as pl
from polars import col

from velocity import formats
from velocity.explain.sums import day_words

_SCHEMA = {"kind": pl.String, "what": pl.String, "why": pl.String}

#: (kind, which rows, why)
_OF_RUNS = (
    ("excluded", col("excluded") == "pending", "pending: has not begun, counts nowhere yet"),
    (
        "excluded",
        col("excluded") == "after_as_of",
        "begins after the end of the data: counts from the next sync on",
    ),
    (
        "excluded",
        col("excluded") == "same_run",
        "the same run is in another project, and counts there",
    ),
    (
        "excluded",
        col("excluded") == "clock_unset",
        "its clock was never set: when it ran is not known",
    ),
    (
        "imputed",
        (col("start_source") == "created") & col("excluded").is_null(),
        "start not known: taken from when the run was created",
    ),
    (
        "imputed",
        col("start_source") == "rows",
        "start not known: its runtime before its last logged row",
    ),
    (
        "imputed",
        (col("class") == "running") & col("excluded").is_null(),
        "still running: its hours reach to the end of the data",
    ),
    (
        "imputed",
        (col("class") == "stale") & col("excluded").is_null(),
        "no heartbeat for long: presumed dead, ends at its last one",
    ),
    (
        "imputed",
        col("estimated") & (col("start_source") != "rows"),
        "of several sessions, some are estimated: from what the runtime leaves, or the next start",
    ),
    (
        "imputed",
        col("end_source").is_in(["heartbeat", "last_metric"]),
        "runtime not known or not used: ends at its last heartbeat or logged row",
    ),
    ("flagged", col("end_source") == "unknown", "end not known: a run of no length"),
    ("flagged", col("clock"), "clock in doubt: its experiment is left out of latency"),
)
#: Flags that have a row of their own above.
_TOLD_APART = ("clock", "estimated", "unknown_end", "same_run")
_NO_GPUS = (
    "excluded",
    col("gpus").is_null(),
    "GPUs not known: its hours count as those of unknown GPUs, and cost nothing",
)
_NO_RATE = (
    "excluded",
    col("gpus").is_not_null() & col("credits_per_gpu_hour").is_null(),
    "no rate for its GPU type on that day: costs nothing",
)
_NOT_YET = ("excluded", col("credits").is_null(), "after the end of the data: not granted yet")
_OF_EXPERIMENTS = (
    ("excluded", col("clock"), "has a run with its clock in doubt: no loop"),
    ("excluded", col("outcome") == "false_start", "false start: no loop of its own"),
)


def left_out(
    runs: pl.DataFrame,
    experiments: pl.DataFrame,
    charges: pl.DataFrame,
    grants: pl.DataFrame,
    flags: pl.DataFrame,
    *,
    in_credits: bool,
) -> pl.DataFrame:
    """One row per run, experiment or grant, and reason.

    `kind` (excluded, imputed or flagged), `what`, `why`.

    Args:
        runs: of the explanation.
        experiments: of the explanation.
        charges: as `explain_charges` gives them; an empty frame where none matter.
        grants: as `explain_grants` gives them; an empty frame where none matter.
        flags: `reads.flags`: what each flag of a run means.
        in_credits: whether the figure is of credits, so that a missing rate matters.
    """
    of_charges = (_NO_GPUS, _NO_RATE) if in_credits else (_NO_GPUS,)
    found = [
        frame.filter(which).select(
            kind=pl.lit(kind), what=pl.format(f"{noun} {{}}", name), why=pl.lit(why)
        )
        for frame, noun, name, rules in (
            (runs, "run", col("name"), _OF_RUNS),
            (experiments, "experiment", col("name"), _OF_EXPERIMENTS),
            (charges, "run", col("name"), of_charges),
            (grants, "grant of", day_words("day"), (_NOT_YET,)),
        )
        if frame.width
        for kind, which, why in rules
    ]
    found.append(_flagged(runs, flags))
    # A run is charged by session and day, and said once.
    every = pl.concat([pl.DataFrame(schema=_SCHEMA), *found]).unique(maintain_order=True)
    return every.sort("kind", maintain_order=True)


def _flagged(runs: pl.DataFrame, flags: pl.DataFrame) -> pl.DataFrame:
    """A row for each fault of a run that no row above tells in words of its own."""
    bears = runs.select("name", flag=col("flags").str.split(" ")).explode("flag")
    meant = flags.filter("fault").select("flag", "held", "used")
    return (
        bears.filter(~col("flag").is_in(_TOLD_APART))
        .join(meant, on="flag", maintain_order="left")
        .select(
            kind=pl.lit("flagged"),
            what=pl.format("run {}", "name"),
            why=pl.format(
                "{}: {}; what counts: {}", "flag", _mid_sentence("held"), _mid_sentence("used")
            ),
        )
    )


def _mid_sentence(column: str) -> pl.Expr:
    return col(column).map_elements(formats.mid_sentence, return_dtype=pl.String)
