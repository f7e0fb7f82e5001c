"""Compares the outputs of one case, each by what it is."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from scripts.proof.frames import compare_tables, of_csv, of_frame, of_parquet
from scripts.proof.texts import compare_json, compare_texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scripts.proof.changes import Changes
    from scripts.proof.frames import Found, Table

_TABLES = "tables/"


@dataclass(frozen=True)
class Difference:
    """One line of the report, and the name of what allows it, if anything does."""

    output: str
    told: str
    allowed_by: str | None

    def __str__(self) -> str:
        return f"{self.output}: {self.told}"


def compare_zips(
    case: str, base: Path, now: Path, changes: Changes
) -> tuple[int, list[Difference]]:
    """Returns how many outputs were recorded, and what differs in them."""
    with zipfile.ZipFile(base) as was, zipfile.ZipFile(now) as became:
        recorded = {_name_now(name, changes): name for name in was.namelist()}
        found = [
            _difference(f"{case}/{name}", None, "the output is new", changes)
            for name in became.namelist()
            if name not in recorded
        ]
        for name, old in recorded.items():
            output = f"{case}/{name}"
            if name not in became.NameToInfo:
                found.append(_difference(output, None, "the output is gone", changes))
            elif was.read(old) != became.read(name):
                found += [
                    _difference(output, column, told, changes)
                    for column, told in _compare(output, name, was.read(old), became, changes)
                ]
        return len(recorded), found


def _name_now(name: str, changes: Changes) -> str:
    """Returns the name of a recorded output under which its counterpart is found now."""
    if not name.startswith(_TABLES):
        return name
    table = name.removeprefix(_TABLES).removesuffix(".parquet")
    return f"{_TABLES}{changes.tables.get(table, table)}.parquet"


def _difference(output: str, column: str | None, told: str, changes: Changes) -> Difference:
    told = told if column is None else f"{column}: {told}"
    return Difference(output, told, changes.allowed_by(output, column))


def _compare(
    output: str, name: str, base: bytes, now: zipfile.ZipFile, changes: Changes
) -> Iterator[Found]:
    """Yields what differs between two outputs that are not the same to the byte."""
    rules = changes.of(output)
    content = now.read(name)
    kind = name.rpartition(".")[2]
    match kind:
        case "parquet" | "csv":
            read = of_csv if kind == "csv" else of_parquet
            is_table = name.startswith(_TABLES)
            table = _with_moved(output, content, now, changes) if is_table else read(content)
            apart = [it for it in table.columns if changes.allowed_by(output, it) is not None]
            yield from compare_tables(
                read(base).renamed(rules).of_prose(changes.prose, changes.texts),
                table.of_prose(changes.prose, changes.texts),
                rules,
                ordered=not is_table,
                apart=apart,
            )
        case "json":
            yield from compare_json(json.loads(base), json.loads(content), changes, rules)
        case _:
            told = compare_texts(base.decode(), content.decode(), changes.texts)
            if told is not None:
                yield None, told


def _with_moved(output: str, content: bytes, now: zipfile.ZipFile, changes: Changes) -> Table:
    """Returns a table of the snapshot with the columns that another table has now."""
    frame = pl.read_parquet(io.BytesIO(content))
    for column, to in changes.of(output).moved.items():
        other = pl.read_parquet(io.BytesIO(now.read(f"{_TABLES}{to.table}.parquet")))
        found = other.select(*to.keys, column).unique()
        frame = frame.join(found, on=to.keys, how="left", nulls_equal=True, validate="m:1")
    return of_frame(frame)
