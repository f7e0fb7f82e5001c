"""Compares the outputs of one case, each according to its kind."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import polars as pl

from scripts.proof.frames import compare_tables, of_csv, of_frame, of_parquet
from scripts.proof.keys import names_of_keys
from scripts.proof.texts import compare_json, compare_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from scripts.proof.changes import Changes
    from scripts.proof.frames import Found, Table

_TABLES = "tables/"


@dataclass(frozen=True)
class Difference:
    """One line of the report, and the name of the rule that allows it, if any."""

    output: str
    text: str
    allowed_by: str | None

    def __str__(self) -> str:
        return f"{self.output}: {self.text}"


def compare_zips(
    case: str, base: Path, now: Path, changes: Changes
) -> tuple[int, list[Difference]]:
    """Return the number of recorded outputs, and their differences."""
    with zipfile.ZipFile(base) as was, zipfile.ZipFile(now) as became:
        compared = _Case(case, was, became, changes)
        found = []
        for name in (*compared.recorded, *compared.new):
            output = f"{case}/{name}"
            for column, difference in compared.differences(name):
                line = difference if column is None else f"{column}: {difference}"
                found.append(Difference(output, line, changes.allowed_by(output, column)))
        return len(compared.recorded), found


class _Case:
    """The recorded outputs of a case and those of this tree, by their current names."""

    def __init__(
        self, case: str, base: zipfile.ZipFile, now: zipfile.ZipFile, changes: Changes
    ) -> None:
        self._case, self._base, self._now, self._changes = case, base, now, changes
        self.recorded = {_name_now(name, changes): name for name in base.namelist()}
        self.new = [name for name in now.namelist() if name not in self.recorded]

    def differences(self, name: str) -> Iterator[Found]:
        """Yield the differences of an output."""
        if name in self.new:
            yield None, "the output is new"
        elif name not in self._now.NameToInfo:
            yield None, "the output is gone"
        elif name.startswith(_TABLES):
            if not (self._same(name) and self._same_keys):
                yield from self._tables(
                    name,
                    self._base_table(name).with_names(self._base_keys),
                    self._now_table(name).with_names(self._now_keys),
                    ordered=False,
                )
        elif not self._same(name):
            yield from self._output(name)

    def _output(self, name: str) -> Iterator[Found]:
        """Yield the differences in the output of a command."""
        base, now = self._base.read(self.recorded[name]), self._now.read(name)
        rules = self._changes.of(f"{self._case}/{name}")
        match name.rpartition(".")[2]:
            case "parquet":
                was = of_parquet(base).renamed(rules)
                yield from self._tables(name, was, of_parquet(now), ordered=True)
            case "csv":
                yield from self._tables(
                    name, of_csv(base).renamed(rules), of_csv(now), ordered=True
                )
            case "json":
                was, became = (_settled(json.loads(it)) for it in (base, now))
                yield from compare_json(was, became, self._changes, rules)
            case _:
                difference = compare_texts(base.decode(), now.decode(), self._changes.texts)
                if difference is not None:
                    yield None, difference

    def _tables(self, name: str, base: Table, now: Table, *, ordered: bool) -> Iterator[Found]:
        output, changes = f"{self._case}/{name}", self._changes
        yield from compare_tables(
            base.of_prose(changes.prose, changes.texts),
            now.of_prose(changes.prose, changes.texts),
            changes.of(output),
            ordered=ordered,
            apart=[it for it in now.columns if changes.allowed_by(output, it) is not None],
        )

    def _same(self, name: str) -> bool:
        return self._base.read(self.recorded[name]) == self._now.read(name)

    @cached_property
    def _same_keys(self) -> bool:
        return all(self._same(_file(it.table)) for it in self._changes.keys)

    @cached_property
    def _base_keys(self) -> Mapping[str, Mapping[str, str]]:
        return names_of_keys(lambda it: self._base_table(_file(it)), self._changes.keys)

    @cached_property
    def _now_keys(self) -> Mapping[str, Mapping[str, str]]:
        return names_of_keys(lambda it: self._now_table(_file(it)), self._changes.keys)

    def _base_table(self, name: str) -> Table:
        """Return a recorded table of the snapshot in its current form."""
        table = of_parquet(self._base.read(self.recorded[name]))
        return table.renamed(self._changes.of(f"{self._case}/{name}"))

    def _now_table(self, name: str) -> Table:
        """Return a table of the snapshot, with the columns that another table has now."""
        frame = pl.read_parquet(io.BytesIO(self._now.read(name)))
        for column, to in self._changes.of(f"{self._case}/{name}").moved.items():
            other = pl.read_parquet(io.BytesIO(self._now.read(_file(to.table))))
            found = other.select(*to.keys, column).unique()
            frame = frame.join(found, on=to.keys, how="left", nulls_equal=True, validate="m:1")
        return of_frame(frame)


def _settled(rows: Any) -> Any:
    """Rows that start at one instant in the order of their ids, not of their arrival."""
    if not (isinstance(rows, list) and rows and "started_at" in rows[0]):
        return rows
    return [
        row
        for _, together in groupby(rows, itemgetter("started_at"))
        for row in sorted(together, key=lambda it: (it["experiment_id"], it.get("run_id", "")))
    ]


def _file(table: str) -> str:
    return f"{_TABLES}{table}.parquet"


def _name_now(name: str, changes: Changes) -> str:
    """Return the current name of a recorded output."""
    if not name.startswith(_TABLES):
        return name
    table = name.removeprefix(_TABLES).removesuffix(".parquet")
    return _file(changes.tables.get(table, table))
