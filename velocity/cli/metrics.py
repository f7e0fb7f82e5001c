"""velocity metrics: every metric, of groups by period, of lines, and of what is in flight."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

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

#: What is of the end of the data -> the columns of a table of several rows, and what none means.
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
            help="A row a scholar, a stream, one for all, a line, an experiment in flight, or a "
            "result that waits.",
        ),
    ] = "scholar",
    period: Annotated[
        Period, typer.Option("--period", help="One figure for all the time, or one a period.")
    ] = "all",
    from_day: FromOption = None,
    to_day: ToOption = None,
    scholar: ScholarOption = None,
    form: FormatOption = None,
    out: OutOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Every metric: throughput, parallelism, feedback loops, failures, credits.

    A row a scholar, stream or programme and period; docs/metrics.md says what each column means.
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
    shown, nothing = _AT_END.get(by, ((), "Nothing in this window."))
    read, keys = _read(by, period, from_day, to_day, scholar)
    show(
        Places.of(ctx, data, config),
        read,
        scholar=scholar,
        form=form,
        out=out,
        keys=keys,
        shown=shown,
        nothing=nothing,
    )


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
        return lambda it: reads.open_work(it, scholar=scholar), []
    if by == "result":
        return lambda it: reads.waiting_results(it, scholar=scholar), []
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
