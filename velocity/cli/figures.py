"""velocity metrics, runs, experiments, loops, groups, export: figures, and rows behind them."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import polars as pl
import typer

import velocity
from velocity.api import Reader
from velocity.api.exported import write_parquet
from velocity.cli.options import (
    FORMAT,
    FROM,
    OUT,
    QUIET,
    SCHOLAR,
    TO,
    Actor,
    Format,
    Period,
    Places,
    actor_option,
    check_window,
    flag,
    option,
)
from velocity.cli.output import show
from velocity.cli.progress import say, show_progress
from velocity.reading.roll_up import roll_up
from velocity.sentences.groups import in_words
from velocity.settings import load_settings
from velocity.store.snapshot import Snapshot, current_snapshot
from velocity.sync.results import of_steps

By = Literal["scholar", "stream", "programme", "line", "experiment", "result", "sequence", "host"]


class _Rows(NamedTuple):
    read: Callable[..., pl.DataFrame]
    keys: Sequence[str]  # what identifies a row
    shown: Sequence[str | pl.Expr] = ()  # the main columns of a table
    nothing: str = "Nothing in this window."


_ROWS = {
    "line": _Rows(Reader.lines, ("scholar", "entity", "project")),
    "experiment": _Rows(
        Reader.open_work,
        ("experiment_id",),
        ("scholar", "experiment_id", "started_at", "wip_age_hours", "usual_hours", "eta_at"),
        "No experiment is in flight.",
    ),
    "result": _Rows(
        Reader.waiting_results,
        ("experiment_id",),
        ("scholar", "experiment_id", "outcome", "result_at", "waiting_hours"),
        "No result is waiting.",
    ),
    "sequence": _Rows(
        Reader.one_setting,
        ("scholar", "project", "started_at"),
        (
            *("scholar", "project", "key", "experiments", "started_at", "machine_hours"),
            pl.col("ready_share").alias("ready"),
        ),
        "No experiments changed one setting at a time.",
    ),
    "host": _Rows(
        Reader.idle_hosts,
        ("entity", "host"),
        ("host", "gpus", "idle_now", "idle_since", "idle_for_hours", "idle_gpu_hours"),
        "No host is rented: list globs of host names as `rented` in the roster.",
    ),
}
#: These are read at the end of the data, not in a window.
_AT_END = {"experiment", "result"}


def metrics(
    places: Places,
    *,
    by: By = option(
        None,
        "One row per scholar, stream, programme, line, experiment in flight, result without a "
        "next launch, sequence that changed one setting at a time, or rented host.",
        default="scholar",
    ),
    period: Period = option(None, "One row for the whole time, or one per period.", default="all"),
    from_day: date | None = FROM,
    to_day: date | None = TO,
    scholar: str | None = SCHOLAR,
    actor: Actor = actor_option("person"),
    every: bool = flag("--all", "Show every column in a table, not only the main ones."),
    form: Format | None = FORMAT,
    out: Path | None = OUT,
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
    if period != "all" and by in _ROWS:
        raise typer.BadParameter(f"--period cannot be used with --by {by}")
    if (from_day or to_day) and by in _AT_END:
        raise typer.BadParameter(f"--from and --to cannot be used with --by {by}")
    whose = {"scholar": scholar, "actor": actor}
    window = {"from_day": from_day, "to_day": to_day}
    asked: dict[str, Any] = window if by == "host" else whose if by in _AT_END else whose | window
    if by in _ROWS:
        rows = _ROWS[by]
    else:
        keys = [by] if period == "all" else [by, "period_start"]
        rows = _Rows(Reader.metrics, keys, _main_figures(keys))
        asked |= {"by": by, "period": period}
    read = partial(_read, places, rows.read, **asked)
    table: dict[str, Any] = {"keys": rows.keys, "shown": rows.shown, "nothing": rows.nothing}
    show(read, form=form, out=out, every=every, **table)


def _read(places: Places, read: Callable[..., pl.DataFrame], **asked: Any) -> pl.DataFrame:
    with velocity.open(places.data) as opened:
        return read(opened, **asked)


def _main_figures(keys: Sequence[str]) -> "tuple[str | pl.Expr, ...]":
    """The columns of a table of groups: shares in per cent, each with its own decimals."""

    def rounded(figure: pl.Expr, decimals: int = 1) -> pl.Expr:
        return figure.round(decimals).cast(pl.Decimal(38, decimals))

    limits: list[Any] = [rounded(pl.col(f"throughput_per_week_{end}")) for end in ("low", "high")]
    # Hours on unknown GPUs alone are no known GPU-hours.
    known = (pl.col("gpu_hours") > 0) | (pl.col("unpriced_run_hours") == 0)
    return (
        *keys,
        rounded(pl.col("throughput_per_week")).alias("concluded per week"),
        pl.format("{}\u2013{}", *limits).alias("95 % limits"),
        rounded(100 * pl.col("failure_share"), 0).alias("failed, %"),
        rounded(100 * pl.col("serial_share"), 0).alias("serial, %"),
        rounded(pl.col("experiment_parallelism"), 2).alias("at once"),
        rounded(pl.col("loop_hours_median")).alias("loop, hours"),
        rounded(pl.when(known).then("gpu_hours"), 0).alias("GPU-hours"),
    )


def _list_command(
    listed: Callable[..., pl.DataFrame], text: str, *columns: str, whose: Actor = "person"
) -> Callable[..., None]:
    """Return the command that shows a read; a table shows `columns` of it.

    `whose`: whose launches it lists without --actor.
    """

    def list_rows(
        places: Places,
        *,
        from_day: date | None = FROM,
        to_day: date | None = TO,
        scholar: str | None = SCHOLAR,
        actor: Actor = actor_option(whose),
        form: Format | None = FORMAT,
        out: Path | None = OUT,
    ) -> None:
        check_window(from_day, to_day)
        asked = {"from_day": from_day, "to_day": to_day, "scholar": scholar, "actor": actor}
        read = partial(_read, places, listed, **asked)
        show(read, form=form, out=out, shown=columns)

    list_rows.__doc__ = text
    return list_rows


runs = _list_command(
    Reader.runs,
    """Runs that started in the window, latest first.

    Each has its state on W&B, how it was classified, and the experiment that it joined.
    """,
    *("scholar", "run_id", "class", "started_at", "active_hours", "experiment_id", "flags"),
    whose="all",
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


@dataclass(frozen=True)
class _Store:
    name: str
    folder: Path


def _store(text: str) -> _Store:
    name, _, folder = text.rpartition("=")
    if not name.strip() or not folder:
        raise typer.BadParameter(f"'{text}' is not NAME=DIR, such as vision=/srv/vision/data")
    return _Store(name.strip(), Path(folder))


def groups(
    places: Places,
    *,
    stores: list[_Store] | None = option(
        "NAME=DIR",
        "A programme and its data folder; can be repeated. Default: the one of --data.",
        "--store",
        parser=_store,
    ),
    form: Format | None = FORMAT,
    out: Path | None = OUT,
) -> None:
    """Published weeks of groups of streams, of one or several programmes.

    They do not name anybody: leads who may not see individuals see the same.
    """
    given = stores or [_Store(load_settings(places.config).programme.name, places.data)]
    programmes: dict[str, Snapshot] = {}
    with ExitStack() as opened:
        for it in given:
            if it.name in programmes:
                raise typer.BadParameter(f"two stores are called '{it.name}'")
            programmes[it.name] = Snapshot(current_snapshot(it.folder))
            opened.callback(programmes[it.name].close)
        weeks = roll_up(programmes)
    show(
        lambda: weeks,
        form=form,
        out=out,
        in_words=lambda frame: in_words(frame.filter("visible")).drop("visible"),
        keys=("programme", "group_name", "week_start"),
        nothing="No week of a group is published yet.",
    )


def export(
    places: Places,
    *,
    parquet: Path = option(
        "DIR",
        "Folder for the files. DIR/latest leads to the newest ones, which change all at once.",
        default=...,
    ),
    quiet: bool = QUIET,
) -> None:
    """Write every figure and row as Parquet files, for BI tools.

    They hold everything about everybody. Files get the permissions of DIR, which is made for you
    alone if it does not exist. docs/bi.md lists the files.
    """
    with velocity.open(places.data) as opened, show_progress(quiet=quiet) as on_progress:
        written = write_parquet(opened, parquet, on_file=of_steps("export", on_progress))
    if not quiet:
        say(f"Exported to {written}.")
