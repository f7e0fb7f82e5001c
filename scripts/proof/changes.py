"""Allowed differences from the recorded commit: the rules of renames.toml."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Texts = Literal["numbers", "skip", "exact"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Moved(_Entry):
    """Where a column of a snapshot table is now, and the columns that lead to its row."""

    table: str
    keys: tuple[str, ...]


class Key(_Entry):
    """Columns of numbers that only link rows, and the names that replace the numbers.

    The first column, in `table`, identifies the row of a number; `names` are that row's.
    """

    columns: tuple[str, ...]
    table: str
    names: tuple[str, ...]


class Command(_Entry):
    """The first words of a command, in the recording and now."""

    base: str
    now: str


class Allowed(_Entry):
    """An expected difference. Without columns it applies to whole outputs."""

    name: str
    reason: str
    outputs: tuple[str, ...]
    columns: tuple[str, ...] = ()

    def covers(self, output: str, column: str | None) -> bool:
        """Whether it applies to this output, and to this column if it names columns."""
        return matches(output, self.outputs) and (not self.columns or column in self.columns)


class Everywhere(_Entry):
    """Columns and JSON keys that were renamed in every output."""

    renamed: dict[str, str] = {}


class Output(Everywhere):
    """Changes of some outputs. Columns have their current names."""

    outputs: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    reordered: bool = False
    values: dict[str, dict[str, str]] = {}
    moved: dict[str, Moved] = {}


class Changes(_Entry):
    """All rules."""

    everywhere: Everywhere = Everywhere()
    tables: dict[str, str] = {}
    commands: tuple[Command, ...] = Field((), alias="command")
    outputs: tuple[Output, ...] = Field((), alias="output")
    keys: tuple[Key, ...] = Field((), alias="key")
    allowed: tuple[Allowed, ...] = ()
    prose: frozenset[str] = frozenset()
    texts: Texts = "numbers"

    def command(self, words: Sequence[str]) -> list[str]:
        """Return a recorded command in its current form."""
        for it in self.commands:
            base = it.base.split()
            if list(words[: len(base)]) == base:
                return [*it.now.split(), *words[len(base) :]]
        return list(words)

    def of(self, output: str) -> Output:
        """Return all changes of one output combined."""
        found = [it for it in self.outputs if matches(output, it.outputs)]
        merged: dict[str, Any] = {"renamed": dict(self.everywhere.renamed)}
        for it in found:
            merged["renamed"] |= it.renamed
            merged["values"] = merged.get("values", {}) | it.values
            merged["moved"] = merged.get("moved", {}) | it.moved
            merged["added"] = (*merged.get("added", ()), *it.added)
            merged["reordered"] = merged.get("reordered", False) or it.reordered
        return Output(**merged)

    def allowed_by(self, output: str, column: str | None) -> str | None:
        """Return the name of the rule that allows a difference; None if there is none."""
        return next((it.name for it in self.allowed if it.covers(output, column)), None)


def matches(output: str, globs: Sequence[str]) -> bool:
    """Whether one of the globs fits the name of an output."""
    return any(fnmatchcase(output, glob) for glob in globs)


def load_changes(path: Path, texts: str) -> Changes:
    """Read the rules.

    Raises:
        pydantic.ValidationError: the file has an invalid entry.
    """
    return Changes(**tomllib.loads(path.read_text(encoding="utf-8")), texts=texts)
