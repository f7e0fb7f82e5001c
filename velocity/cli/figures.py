"""velocity metrics, runs, experiments, loops: the numbers and the rows behind them."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from velocity.cli.options import (
    By,
    ConfigOption,
    DataOption,
    Format,
    FormatOption,
    FromOption,
    OutOption,
    Period,
    Places,
    ScholarOption,
    ToOption,
    check_window,
)
from velocity.cli.progress import say
from velocity.errors import VelocityError

if TYPE_CHECKING:
    import polars as pl

    from velocity.store import Snapshot

_PANEL = "Read figures"

#: Command -> what it lists, and which of the many columns a table shows.
_LISTS: dict[str, tuple[str, Sequence[str]]] = {
    "runs": (
        "Runs that started in the window, latest first: what W&B said, what each was taken for.",
        (
            *("scholar", "run_id", "class", "started_at", "active_hours"),
            *("experiment_id", "flags"),
        ),
    ),
    "experiments": (
        "Experiments launched in the window, latest first: a decision each, of one run or many.",
        (
            *("scholar", "project", "label", "runs", "started_at", "outcome"),
            *("active_hours", "loop_status"),
        ),
    ),
    "loops": (
        (
            "Feedback loops of the experiments launched in the window, latest first: machine time "
            "from launch to signal, reaction time from signal to the next launch."
        ),
        (
            *("scholar", "project", "label", "status", "started_at", "machine_hours"),
            *("reaction_hours", "loop_hours"),
        ),
    ),
}


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("metrics", rich_help_panel=_PANEL)(metrics)
    for name, (text, columns) in _LISTS.items():
        app.command(name, help=text, rich_help_panel=_PANEL)(_list_command(name, columns))


def metrics(
    ctx: typer.Context,
    *,
    by: Annotated[By, typer.Option("--by", help="A row a scholar, a stream, or one for all.")] = (
        "scholar"
    ),
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
    """Every metric: throughput, parallelism, feedback loops, failures.

    A row a scholar, stream or programme and period; docs/metrics.md says what each column means.
    Days, weeks (from Monday) and months are those of the programme's time zone.
    """
    from velocity import reads  # noqa: PLC0415 - not for --help

    check_window(from_day, to_day)
    if scholar is not None and by != "scholar":
        raise typer.BadParameter(f"--scholar goes with --by scholar, not with --by {by}")

    def read(snapshot: "Snapshot") -> "pl.DataFrame":
        groups = None if scholar is None else [scholar]
        return reads.metrics(
            snapshot, by=by, period=period, from_day=from_day, to_day=to_day, groups=groups
        )

    keys = [by] if period == "all" else [by, "period_start"]
    places = Places.of(ctx, data, config)
    _show(places, read, scholar=scholar, form=form, out=out, keys=keys)


def _list_command(read_rows: str, columns: Sequence[str]) -> Callable[..., None]:
    """The command that shows `reads.<read_rows>`; a table of several rows has `columns` only."""

    def show_rows(
        ctx: typer.Context,
        *,
        from_day: FromOption = None,
        to_day: ToOption = None,
        scholar: ScholarOption = None,
        form: FormatOption = None,
        out: OutOption = None,
        data: DataOption = None,
        config: ConfigOption = None,
    ) -> None:
        from velocity import reads  # noqa: PLC0415 - not for --help

        check_window(from_day, to_day)

        def read(snapshot: "Snapshot") -> "pl.DataFrame":
            rows: pl.DataFrame = getattr(reads, read_rows)(
                snapshot, from_day=from_day, to_day=to_day, scholar=scholar
            )
            return rows

        places = Places.of(ctx, data, config)
        _show(places, read, scholar=scholar, form=form, out=out, shown=columns)

    return show_rows


def _show(
    places: Places,
    read: "Callable[[Snapshot], pl.DataFrame]",
    *,
    scholar: str | None,
    form: Format | None,
    out: Path | None,
    keys: Sequence[str] = (),
    shown: Sequence[str] = (),
) -> None:
    """Reads the latest snapshot and writes what it gave."""
    from velocity.cli.output import chosen_format, write_frame  # noqa: PLC0415 - not for --help
    from velocity.store import latest_snapshot  # noqa: PLC0415 - as above

    form = chosen_format(form, out)
    snapshot = latest_snapshot(places.data)
    if scholar is not None:
        _check_scholar(snapshot, scholar)
    frame = read(snapshot)
    if form == "table" and frame.is_empty():
        say("Nothing in this window.")
        return
    if form == "table" and shown and frame.height > 1:
        say(f"{len(shown)} of {frame.width} columns; --format csv has all of them. Times are UTC.")
        frame = frame.select(shown)
    write_frame(frame, form, out, keys=keys)


def _check_scholar(snapshot: "Snapshot", scholar: str) -> None:
    from velocity import reads  # noqa: PLC0415 - not for --help

    known = reads.scholars(snapshot)["scholar"].to_list()
    if scholar in known:
        return
    if scholar in reads.unattributed(snapshot)["username"].to_list():
        raise VelocityError(
            f"'{scholar}' is a W&B user whom the roster lacks.",
            "Add the user to the roster (`velocity roster suggest` writes the entry) and sync.",
        )
    near = difflib.get_close_matches(scholar, known)
    raise VelocityError(
        f"There is no scholar '{scholar}'.",
        f"Did you mean {' or '.join(near)}?" if near else "`velocity metrics` lists every scholar.",
    )
