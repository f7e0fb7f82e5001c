"""velocity metrics: every metric, of groups by period, of lines, and of what is in flight."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from velocity.cli.options import (
    ConfigOption,
    DataOption,
    FormatOption,
    FromOption,
    OutOption,
    Period,
    Places,
    ScholarOption,
    ToOption,
    check_window,
)
from velocity.cli.showing import show

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from velocity.store import Snapshot

By = Literal["scholar", "stream", "programme", "line", "experiment", "result"]

#: What is of the end of the data -> the main columns of a table, and what none means.
_AT_END = {
    "experiment": (
        ("scholar", "experiment_id", "started_at", "wip_age_hours", "usual_hours"),
        "No experiment is in flight.",
    ),
    "result": (
        ("scholar", "experiment_id", "outcome", "signal_at", "waiting_hours"),
        "No result waits.",
    ),
}


def add_to(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command("metrics", rich_help_panel="Read figures")(metrics)


def metrics(
    ctx: typer.Context,
    *,
    by: Annotated[
        By,
        typer.Option(
            "--by",
            help="One row per scholar, stream, programme, line, experiment in flight, or result "
            "that waits for the next launch.",
        ),
    ] = "scholar",
    period: Annotated[
        Period, typer.Option("--period", help="One row for the whole time, or one per period.")
    ] = "all",
    from_day: FromOption = None,
    to_day: ToOption = None,
    scholar: ScholarOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Show every column of the table, not only the main ones.")
    ] = False,
    form: FormatOption = None,
    out: OutOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Every metric: throughput, parallelism, feedback loops, failures, credits.

    A table shows the main figures. --all shows every column, as do CSV, JSON and Parquet.
    One row per scholar, stream or programme, and period; docs/metrics.md explains each column.
    The ledger of credits is of all the time. A line (scholar and project) has its blind ratio, an
    experiment in flight its age, a result how long it has waited for the next launch.
    Days, weeks (from Monday) and months are those of the programme's time zone.
    """
    check_window(from_day, to_day)
    if scholar is not None and by in {"stream", "programme"}:
        raise typer.BadParameter(f"--scholar does not go with --by {by}")
    if period != "all" and by in {"line", *_AT_END}:
        raise typer.BadParameter(f"--period does not go with --by {by}")
    if by in _AT_END and (from_day or to_day):
        raise typer.BadParameter(f"--by {by} is of the end of the data: it has no --from and --to")
    read, keys = _read(by, period, from_day, to_day, scholar)
    main = () if by == "line" else _main_figures(keys)
    shown, nothing = _AT_END.get(by, (main, "Nothing in this window."))
    show(
        Places.of(ctx, data, config),
        read,
        scholar=scholar,
        form=form,
        out=out,
        keys=keys,
        shown=shown,
        every=every,
        nothing=nothing,
    )


def _main_figures(keys: list[str]) -> "list[str | pl.Expr]":
    """The columns of a table of groups: narrow enough to fit beside each other in 100 characters.

    Shares are percentages, and each column has a fixed number of decimals.
    """
    import polars as pl  # noqa: PLC0415 - not for --help

    def rounded(figure: pl.Expr, decimals: int = 1) -> pl.Expr:
        return figure.round(decimals).cast(pl.Decimal(38, decimals))

    limits: list[Any] = [rounded(pl.col(f"throughput_per_week_{end}")) for end in ("low", "high")]
    return [
        *keys,
        rounded(pl.col("throughput_per_week")).alias("concluded per week"),
        pl.format("{}\u2013{}", *limits).alias("95 % limits"),
        rounded(100 * pl.col("failure_share"), 0).alias("failed, %"),
        rounded(100 * pl.col("serial_share"), 0).alias("serial, %"),
        rounded(pl.col("experiment_parallelism"), 2).alias("at once"),
        rounded(pl.col("loop_hours_median")).alias("loop, hours"),
        rounded(pl.col("gpu_hours"), 0).alias("GPU-hours"),
    ]


def _read(
    by: By, period: Period, from_day: date | None, to_day: date | None, scholar: str | None
) -> "tuple[Callable[[Snapshot], pl.DataFrame], list[str]]":
    """What is read of a snapshot, and the columns that tell its rows apart."""
    from velocity.reading import reads  # noqa: PLC0415 - not for --help

    if by == "line":
        return (
            lambda it: reads.lines(it, from_day=from_day, to_day=to_day, scholar=scholar),
            ["scholar", "entity", "project"],
        )
    if by == "experiment":
        return lambda it: reads.open_work(it, scholar=scholar), ["experiment_id"]
    if by == "result":
        return lambda it: reads.waiting_results(it, scholar=scholar), ["experiment_id"]
    groups = None if scholar is None else [scholar]
    keys: list[str] = [by] if period == "all" else [by, "period_start"]

    def read(snapshot: "Snapshot") -> "pl.DataFrame":
        found = reads.metrics(
            snapshot, by=by, period=period, from_day=from_day, to_day=to_day, groups=groups
        )
        checked = reads.littles_law_residual(
            snapshot, by=by, period=period, from_day=from_day, to_day=to_day, groups=groups
        )
        found = found.join(checked, on=keys, how="left", maintain_order="left")
        if period != "all" or from_day is not None or to_day is not None:
            return found
        ledger = reads.ledger(snapshot, by=by).rename({"group_id": by})
        return found.join(ledger, on=by, how="left", maintain_order="left")

    return read, keys
