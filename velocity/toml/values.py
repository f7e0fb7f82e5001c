"""Values of a TOML document by where they stand, whatever else the document holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from velocity.toml.lines import TomlPath


def _values(value: Any, where: str) -> Iterator[tuple[TomlPath, Any]]:
    """What stands at `where` (keys joined by dots, `*` for every index), with its path."""
    step, _, rest = where.partition(".")
    inner: Iterable[tuple[str | int, Any]] = ()
    if step == "*" and isinstance(value, list):
        inner = enumerate(value)
    elif isinstance(value, dict) and step in value:
        inner = [(step, value[step])]
    for part, found in inner:
        if rest:
            yield from (((part, *path), leaf) for path, leaf in _values(found, rest))
        else:
            yield (part,), found


def texts_at(value: Any, where: str) -> Iterator[tuple[TomlPath, str]]:
    """The texts among what stands at `where`: keys joined by dots, `*` for every index."""
    return ((path, found) for path, found in _values(value, where) if isinstance(found, str))


def tables_at(value: Any, where: str) -> Iterator[tuple[TomlPath, dict[str, Any]]]:
    """The tables among what stands at `where`, as `texts_at`."""
    return ((path, found) for path, found in _values(value, where) if isinstance(found, dict))
