"""Writes what a read of the latest snapshot gives, as a table or for a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.cli.progress import say
from velocity.errors import VelocityError
from velocity.formats import did_you_mean, label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import polars as pl

    from velocity.cli.options import Format, Places
    from velocity.store import Snapshot


def show(
    places: Places,
    read: Callable[[Snapshot], pl.DataFrame],
    *,
    scholar: str | None,
    form: Format | None,
    out: Path | None,
    keys: Sequence[str] = (),
    shown: Sequence[str | pl.Expr] = (),
    every: bool | None = None,
    nothing: str = "Nothing in this window.",
) -> None:
    """Reads the latest snapshot and writes what it gave.

    Args:
        places: where the data is.
        read: what is written.
        scholar: who must be known, if anybody.
        form: of the output; None: as the name of `out` says, else a table.
        out: file to write to; None: standard output.
        keys: columns that tell the rows of a table apart.
        shown: main columns of a table, which fit beside each other; without, all.
        every: whether a table has every column; None: only a table of one row has.
        nothing: said in place of an empty table.
    """
    from velocity.cli.output import chosen_format, write_frame  # noqa: PLC0415 - not for --help
    from velocity.store import latest_snapshot  # noqa: PLC0415 - as above

    form = chosen_format(form, out)
    snapshot = latest_snapshot(places.data)
    if scholar is not None:
        check_scholar(snapshot, scholar)
    frame = read(snapshot)
    if form == "table" and frame.is_empty():
        say(nothing)
        return
    only_main = frame.height > 1 if every is None else not every
    if form == "table" and shown and only_main:
        option = "--format csv" if every is None else "--all"
        count = f"{len(shown)} of {frame.width} columns; {option} shows all of them."
        frame, keys = frame.select(shown), ()
        has_times = any(hasattr(kind, "time_zone") for kind in frame.dtypes)
        say(f"{count} Times are UTC." if has_times else count)
    write_frame(frame, form, out, keys=keys)


def check_scholar(snapshot: Snapshot, scholar: str) -> None:
    """Raises a VelocityError, which says what to do, where there is no such scholar."""
    from velocity.reading import reads  # noqa: PLC0415 - not for --help

    known = reads.scholars(snapshot)["scholar"].to_list()
    if scholar in known:
        return
    if scholar in reads.unattributed(snapshot)["username"].to_list():
        raise VelocityError(
            f"'{label(scholar)}' is a W&B user whom the roster lacks.",
            "Add the user to the roster (`velocity roster suggest` writes the entry) and sync.",
        )
    raise VelocityError(
        f"There is no scholar '{label(scholar)}'.",
        did_you_mean(scholar, known, otherwise="`velocity metrics` lists every scholar."),
    )
