"""Numbers that only tie rows of a snapshot together, made into names that any sync gives alike."""

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
        read: gives a table of the snapshot.
        keys: later ones may have names that are made of earlier ones.
    """
    found: dict[str, Mapping[str, str]] = {}
    for key in keys:
        table = read(key.table).with_names(found)
        names: dict[str, str] = {}
        for number, *parts in table.rows([key.columns[0], *key.names], ordered=False):
            # Rows are sorted: where several have a number, the first name stands for all.
            names.setdefault(number, "/".join(parts))
        found |= dict.fromkeys(key.columns, names)
    return found
