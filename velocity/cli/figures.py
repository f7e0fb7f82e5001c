"""velocity metrics, runs, experiments, loops: figures and the rows behind them."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, Literal

import polars as pl
import typer

from velocity.cli.options import (
    Actor,
    ActorOption,
    FormatOption,
    FromOption,
    OutOption,
    Period,
    Places,
    ScholarOption,
    ToOption,
    check_window,
    option,
)
from velocity.cli.output import show
from velocity.reading import reads
from velocity.store import Snapshot

By = Literal["scholar", "stream", "programme", "line", "experiment", "result", "sequence", "host"]

#: At the end of the data: its read, the main columns of a table, and what to say without rows.
_AT_END: dict[str, tuple[Callable[..., pl.DataFrame], Sequence[str], str]] = {
    "experiment": (
        reads.open_work,
        ("scholar", "experiment_id", "started_at", "wip_age_hours", "usual_hours", "eta_at"),
        "No experiment is in flight.",
    ),
    "result": (
        reads.waiting_results,
        ("scholar", "experiment_id", "outcome", "result_at", "waiting_hours"),
        "No result is waiting.",
    ),
}

#: In a window: its read, what identifies a row, the main columns of a table, and what to say
#: without rows.
_IN_WINDOW: dict[
    str, tuple[Callable[..., pl.DataFrame], Sequence[str], Sequence[str | pl.Expr], str]
] = {
    "line": (reads.lines, ("scholar", "entity", "project"), (), "Nothing in this window."),
    "sequence": (
        reads.one_setting,
        ("scholar", "project", "started_at"),
        (
            *("scholar", "project", "key", "experiments", "started_at", "machine_hours"),
            pl.col("ready_share").alias("ready"),
        ),
        "No experiments changed one setting at a time.",
    ),
    "host": (
        reads.idle_hosts,
        ("entity", "host"),
        ("host", "gpus", "idle_now", "idle_since", "idle_for_hours", "idle_gpu_hours"),
        "No host is rented: list globs of host names as `rented` in the roster.",
    ),
}


def metrics(
    places: Places,
    *,
    by: Annotated[
        By,
        option(
            "--by",
            None,
            "One row per scholar, stream, programme, line, experiment in flight, result without a "
            "next launch, sequence that changed one setting at a time, or rented host.",
        ),
    ] = "scholar",
    period: Annotated[
        Period, option("--period", None, "One row for the whole time, or one per period.")
    ] = "all",
    from_day: FromOption = None,
    to_day: ToOption = None,
    scholar: ScholarOption = None,
    actor: ActorOption = "person",
    every: Annotated[
        bool, option("--all", None, "Show every column in a table, not only the main ones.")
    ] = False,
    form: FormatOption = None,
    out: OutOption = None,
) -> None:
    """Every metric by scholar, stream, programme or line.

    A table shows the main figures; --all, CSV, JSON and Parquet have every column. docs/metrics.md
    explains each one. Credits cover all the data. Lines (a scholar and a project) have a blind
    ratio, experiments in flight an age, results the time they have waited for the next launch,
    sequences the one config key that changed, rented hosts their idle GPU-hours. Days, weeks (from
    Monday) and months use the programme's time zone.
    """
    check_window(from_day, to_day)
    if scholar is not None and by in {"stream", "programme", "host"}:
        raise typer.BadParameter(f"--scholar cannot be used with --by {by}")
    if period != "all" and by in {*_IN_WINDOW, *_AT_END}:
        raise typer.BadParameter(f"--period cannot be used with --by {by}")
    window: dict[str, Any] = {"from_day": from_day, "to_day": to_day}
    shown: Sequence[str | pl.Expr] = ()
    keys, nothing = ["experiment_id"], "Nothing in this window."
    read: Callable[[Snapshot], pl.DataFrame]
    if by in _AT_END:
        if from_day or to_day:
            raise typer.BadParameter(f"--from and --to cannot be used with --by {by}")
        read_end, shown, nothing = _AT_END[by]
        read = partial(read_end, scholar=scholar, actor=actor)
    elif by in _IN_WINDOW:
        read_rows, rows_by, shown, nothing = _IN_WINDOW[by]
        keys, whose = [*rows_by], {} if by == "host" else {"scholar": scholar, "actor": actor}
        read = partial(read_rows, **whose, **window)
    else:
        keys = [by] if period == "all" else [by, "period_start"]
        shown = _main_figures(keys)
        groups = None if scholar is None else [scholar]
        asked = {"by": by, "period": period, "groups": groups, **window}
        read = partial(_read_groups, keys=keys, actor=actor, **asked)
    show(
        places,
        read,
        scholar=scholar,
        form=form,
        out=out,
        keys=keys,
        shown=shown,
        every=every,
        nothing=nothing,
    )


def _main_figures(keys: Sequence[str]) -> "tuple[str | pl.Expr, ...]":
    """The columns of a table of groups: shares in per cent, each with its own decimals."""

    def rounded(figure: pl.Expr, decimals: int = 1) -> pl.Expr:
        return figure.round(decimals).cast(pl.Decimal(38, decimals))

    limits: list[Any] = [rounded(pl.col(f"throughput_per_week_{end}")) for end in ("low", "high")]
    return (
        *keys,
        rounded(pl.col("throughput_per_week")).alias("concluded per week"),
        pl.format("{}\u2013{}", *limits).alias("95 % limits"),
        rounded(100 * pl.col("failure_share"), 0).alias("failed, %"),
        rounded(100 * pl.col("serial_share"), 0).alias("serial, %"),
        rounded(pl.col("experiment_parallelism"), 2).alias("at once"),
        rounded(pl.col("loop_hours_median")).alias("loop, hours"),
        rounded(pl.col("gpu_hours"), 0).alias("GPU-hours"),
    )


def _read_groups(
    snapshot: Snapshot, *, by: Any, keys: Sequence[str], actor: Actor, **asked: Any
) -> pl.DataFrame:
    """Every metric of groups; over all the data, their credits too."""
    found = reads.metrics(snapshot, by=by, actor=actor, **asked).join(
        reads.littles_law_residual(snapshot, by=by, **asked),
        on=keys,
        how="left",
        maintain_order="left",
    )
    if asked["period"] != "all" or asked["from_day"] is not None or asked["to_day"] is not None:
        return found
    ledger = reads.ledger(snapshot, by=by).rename({"group_id": by})
    return found.join(ledger, on=by, how="left", maintain_order="left")


def _list_command(
    name: str, text: str, *columns: str, default: Actor = "person"
) -> Callable[..., None]:
    """Return the command that lists `reads.<name>`; a table shows `columns` of it.

    `default`: whose launches it lists without --actor.
    """

    def list_rows(
        places: Places,
        *,
        from_day: FromOption = None,
        to_day: ToOption = None,
        scholar: ScholarOption = None,
        actor: ActorOption = default,
        form: FormatOption = None,
        out: OutOption = None,
    ) -> None:
        check_window(from_day, to_day)
        # A page filters runs by several scholars, experiments and loops by one.
        several = None if scholar is None else [scholar]
        whose = {"scholars": several} if name == "runs" else {"scholar": scholar}
        read = partial(getattr(reads, name), from_day=from_day, to_day=to_day, actor=actor, **whose)
        show(places, read, scholar=scholar, form=form, out=out, shown=columns)

    list_rows.__doc__ = text
    return list_rows


runs = _list_command(
    "runs",
    """Runs that started in the window, latest first.

    Each has its state on W&B, how it was classified, and the experiment that it joined.
    """,
    *("scholar", "run_id", "class", "started_at", "active_hours", "experiment_id", "flags"),
    default="all",
)
experiments = _list_command(
    "experiments",
    """Experiments launched in the window, latest first.

    An experiment is one decision: a single run, or many that were launched together.
    """,
    *("scholar", "project", "label", "runs", "started_at", "outcome", "active_hours"),
    "loop_status",
)
loops = _list_command(
    "loops",
    """Feedback loops of the experiments launched in the window, latest first.

    Machine time runs from launch to result, reaction time from result to the next launch.
    """,
    *("scholar", "project", "label", "status", "started_at", "machine_hours"),
    *("reaction_hours", "loop_hours"),
)
