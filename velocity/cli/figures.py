"""velocity metrics, runs, experiments, loops, export: figures and the rows behind them."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import typer

import velocity
from velocity.api import Reader
from velocity.api.exported import write_parquet
from velocity.cli.options import (
    ActorOption,
    FormatOption,
    FromOption,
    OutOption,
    Period,
    Places,
    QuietOption,
    ScholarOption,
    ToOption,
    check_window,
    option,
)
from velocity.cli.output import show
from velocity.cli.progress import say, show_progress
from velocity.reading.reads import Actor
from velocity.sync.results import of_steps

By = Literal["scholar", "stream", "programme", "line", "experiment", "result", "sequence", "host"]

#: At the end of the data: its read, the main columns of a table, and what to say without rows.
_AT_END: dict[str, tuple[Callable[..., pl.DataFrame], Sequence[str], str]] = {
    "experiment": (
        Reader.open_work,
        ("scholar", "experiment_id", "started_at", "wip_age_hours", "usual_hours", "eta_at"),
        "No experiment is in flight.",
    ),
    "result": (
        Reader.waiting_results,
        ("scholar", "experiment_id", "outcome", "result_at", "waiting_hours"),
        "No result is waiting.",
    ),
}

#: In a window: its read, what identifies a row, the main columns of a table, and what to say
#: without rows.
_IN_WINDOW: dict[
    str, tuple[Callable[..., pl.DataFrame], Sequence[str], Sequence[str | pl.Expr], str]
] = {
    "line": (Reader.lines, ("scholar", "entity", "project"), (), "Nothing in this window."),
    "sequence": (
        Reader.one_setting,
        ("scholar", "project", "started_at"),
        (
            *("scholar", "project", "key", "experiments", "started_at", "machine_hours"),
            pl.col("ready_share").alias("ready"),
        ),
        "No experiments changed one setting at a time.",
    ),
    "host": (
        Reader.idle_hosts,
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
    read: Callable[[Reader], pl.DataFrame]
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
        asked: dict[str, Any] = {"by": by, "period": period, "scholar": scholar, "actor": actor}
        read = partial(Reader.metrics, **asked, **window)
    table: dict[str, Any] = {"keys": keys, "shown": shown, "every": every, "nothing": nothing}
    show(partial(_read, places, read), form=form, out=out, **table)


def _read(places: Places, read: Callable[[Reader], pl.DataFrame]) -> pl.DataFrame:
    with velocity.open(places.data) as opened:
        return read(opened)


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


def _list_command(
    listed: Callable[..., pl.DataFrame], text: str, *columns: str, default: Actor = "person"
) -> Callable[..., None]:
    """Return the command that shows a read; a table shows `columns` of it.

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
        read = partial(listed, from_day=from_day, to_day=to_day, scholar=scholar, actor=actor)
        show(partial(_read, places, read), form=form, out=out, shown=columns)

    list_rows.__doc__ = text
    return list_rows


runs = _list_command(
    Reader.runs,
    """Runs that started in the window, latest first.

    Each has its state on W&B, how it was classified, and the experiment that it joined.
    """,
    *("scholar", "run_id", "class", "started_at", "active_hours", "experiment_id", "flags"),
    default="all",
)
experiments = _list_command(
    Reader.experiments,
    """Experiments launched in the window, latest first.

    An experiment is one decision: a single run, or many that were launched together.
    """,
    *("scholar", "project", "label", "runs", "started_at", "outcome", "active_hours"),
    "loop_status",
)
loops = _list_command(
    Reader.loops,
    """Feedback loops of the experiments launched in the window, latest first.

    Machine time runs from launch to result, reaction time from result to the next launch.
    """,
    *("scholar", "project", "label", "status", "started_at", "machine_hours"),
    *("reaction_hours", "loop_hours"),
)


def export(
    places: Places,
    *,
    parquet: Annotated[
        Path,
        option(
            "--parquet",
            "DIR",
            "Folder for the files. DIR/latest leads to the newest ones, which change all at once.",
        ),
    ],
    quiet: QuietOption = False,
) -> None:
    """Write every figure and row as Parquet files, for BI tools.

    They hold everything about everybody. Files get the permissions of DIR, which is made for you
    alone if it does not exist. docs/bi.md lists the files.
    """
    with velocity.open(places.data) as opened, show_progress(quiet=quiet) as on_progress:
        written = write_parquet(opened, parquet, on_file=of_steps("export", on_progress))
    if not quiet:
        say(f"Exported to {written}.")
