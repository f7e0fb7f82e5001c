"""Compares tables: those of a snapshot, and the Parquet and CSV output of commands."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from scripts.proof.texts import compared_part

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from scripts.proof.changes import Output

#: A column, or None for rows and the whole table, and the difference.
Found = tuple[str | None, str]


@dataclass(frozen=True)
class Table:
    """Columns of cells; float cells are equal only if every bit is."""

    columns: dict[str, list[str]]
    kinds: dict[str, str]

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values()), []))

    def rows(self, columns: Sequence[str], *, ordered: bool) -> list[tuple[str, ...]]:
        """Return the rows of some columns, as they come or sorted."""
        found = zip(*(self.columns[it] for it in columns), strict=True)
        return list(found) if ordered else sorted(found)

    def with_names(self, names: Mapping[str, Mapping[str, str]]) -> Table:
        """Return the table with names for numbers: column -> number -> name."""
        columns = {
            name: [names[name].get(it, it) for it in cells] if name in names else cells
            for name, cells in self.columns.items()
        }
        return Table(columns, self.kinds)

    def of_prose(self, prose: Container[str], how: str) -> Table:
        """Return the table with the compared part of columns that hold sentences."""
        columns = {
            name: [compared_part(it, how) for it in cells] if name in prose else cells
            for name, cells in self.columns.items()
        }
        return Table(columns, self.kinds)

    def renamed(self, changes: Output) -> Table:
        """Return a recorded table with current names and values."""
        columns = {}
        for old, cells in self.columns.items():
            name = changes.renamed.get(old, old)
            values = {
                _cell(was) if self.kinds else was: _cell(it) if self.kinds else it
                for was, it in changes.values.get(name, {}).items()
            }
            columns[name] = [values.get(cell, cell) for cell in cells]
        kinds = {changes.renamed.get(name, name): kind for name, kind in self.kinds.items()}
        return Table(columns, kinds)


def of_parquet(content: bytes) -> Table:
    """Read Parquet."""
    return of_frame(pl.read_parquet(io.BytesIO(content)))


def of_frame(frame: pl.DataFrame) -> Table:
    """Read a frame; dates become numbers because Python does not have infinite dates."""
    plain = frame.with_columns(pl.col(pl.Date).to_physical())
    columns = {name: [_cell(it) for it in plain[name].to_list()] for name in plain.columns}
    return Table(columns, {name: str(kind) for name, kind in frame.schema.items()})


def of_csv(content: bytes) -> Table:
    """Read CSV with a header."""
    header, *rows = csv.reader(io.StringIO(content.decode()))
    cells = zip(*rows, strict=True) if rows else ([] for _ in header)
    return Table(dict(zip(header, map(list, cells), strict=True)), {})


def _cell(value: Any) -> str:
    return repr(value)


def compare_tables(
    base: Table, now: Table, changes: Output, *, ordered: bool, apart: Sequence[str] = ()
) -> Iterator[Found]:
    """Yield the differences.

    Args:
        base: the recorded table, with current names.
        now: the table of this tree.
        changes: other allowed differences.
        ordered: whether the order of rows and columns counts.
        apart: columns that may differ, so they do not decide which rows belong together.
    """
    shared = [name for name in base.columns if name in now.columns]
    yield from ((it, "the column is gone") for it in base.columns if it not in now.columns)
    known = {*base.columns, *changes.added}
    yield from ((it, "the column is new") for it in now.columns if it not in known)
    if ordered and not changes.reordered and shared != [it for it in now.columns if it in shared]:
        yield None, "the columns are in another order"
    for name in shared:
        if base.kinds.get(name) != now.kinds.get(name):
            yield name, f"{base.kinds[name]} became {now.kinds[name]}"
    if base.height != now.height:
        yield None, f"{base.height:,} rows became {now.height:,}"
        return
    together = [name for name in shared if name not in apart]
    if base.rows(together, ordered=ordered) != now.rows(together, ordered=ordered):
        columns = list(_differing(base, now, together, ordered=ordered))
        yield from columns or [(None, "the rows combine the same cells differently")]
    yield from _differing(base, now, [it for it in shared if it in apart], ordered=ordered)


def _differing(
    base: Table, now: Table, columns: Sequence[str], *, ordered: bool
) -> Iterator[Found]:
    """Yield the columns whose cells differ, with their number and an example."""
    for name in columns:
        was, became = base.columns[name], now.columns[name]
        if ordered:
            pairs = [pair for pair in zip(was, became, strict=True) if pair[0] != pair[1]]
        else:
            gone, new = Counter(was) - Counter(became), Counter(became) - Counter(was)
            pairs = list(zip(gone.elements(), new.elements(), strict=True))
        if pairs:
            yield name, f"{len(pairs):,} of {len(was):,} differ, such as {_told(*pairs[0])}"


def _told(was: object, became: object, most: int = 60) -> str:
    return f"{str(was)[:most]} -> {str(became)[:most]}"
