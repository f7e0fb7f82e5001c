"""velocity runs, experiments, loops: the rows behind the numbers."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import typer

from velocity.cli.options import (
    ConfigOption,
    DataOption,
    FormatOption,
    FromOption,
    OutOption,
    Places,
    ScholarOption,
    ToOption,
    check_window,
)
from velocity.cli.showing import show

if TYPE_CHECKING:
    import polars as pl

    from velocity.store import Snapshot

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
    for name, (text, columns) in _LISTS.items():
        app.command(name, help=text, rich_help_panel="Read figures")(_list_command(name, columns))


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
        from velocity.reading import reads  # noqa: PLC0415 - not for --help

        check_window(from_day, to_day)

        def read(snapshot: "Snapshot") -> "pl.DataFrame":
            # A page chooses several scholars' runs, and one scholar's experiments or loops.
            several = None if scholar is None else [scholar]
            whose = {"scholars": several} if read_rows == "runs" else {"scholar": scholar}
            rows: pl.DataFrame = getattr(reads, read_rows)(
                snapshot, from_day=from_day, to_day=to_day, **whose
            )
            return rows

        places = Places.of(ctx, data, config)
        show(places, read, scholar=scholar, form=form, out=out, shown=columns)

    return show_rows
