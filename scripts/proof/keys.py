"""Replaces numbers that only link rows of a snapshot by names that are equal after any sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scripts.proof.changes import Key
    from scripts.proof.frames import Table


def names_of_keys(
    read: Callable[[str], Table], keys: Sequence[Key]
) -> Mapping[str, Mapping[str, str]]:
    """Return column -> number -> name, for every column that holds such numbers.

    Args:
        read: returns a table of the snapshot.
        keys: later keys may have names made from earlier ones.
    """
    found: dict[str, Mapping[str, str]] = {}
    for key in keys:
        table = read(key.table).with_names(found)
        names: dict[str, str] = {}
        for number, *parts in table.rows([key.columns[0], *key.names], ordered=False):
            # Rows are sorted: if several have the same number, the first name is used.
            names.setdefault(number, "/".join(parts))
        found |= dict.fromkeys(key.columns, names)
    return found
