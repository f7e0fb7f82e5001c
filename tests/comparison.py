"""Compares two sets of rows by key."""

import csv
import math
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

Key = tuple[Any, ...]
Row = dict[str, Any]
Rows = Mapping[Key, Mapping[str, Any]]


def rows_by(frame: pl.DataFrame, *key: str) -> dict[Key, Row]:
    """Return the rows of a frame by some of its columns, which must be unique."""
    rows = {tuple(row[name] for name in key): row for row in frame.iter_rows(named=True)}
    assert len(rows) == frame.height, f"{key} does not tell rows apart"
    return rows


def expected_figures(file: Path) -> dict[Key, Row]:
    """Return the figures of a CSV file by scholar, or by scholar and first day of the period."""
    found = {}
    with file.open(newline="") as lines:
        for row in csv.DictReader(lines):
            days = [date.fromisoformat(row.pop(it)) for it in ("period_start",) if it in row]
            key = (row.pop("scholar"), *days)
            found[key] = {name: float(text) if text else None for name, text in row.items()}
    return found


def differences(expected: Rows, found: Rows, **within: float) -> Iterator[str]:
    """Yield missing rows, unexpected rows and different cells, for the expected columns."""
    for key in expected.keys() - found.keys():
        yield f"{key}: no row"
    for key in found.keys() - expected.keys():
        yield f"{key}: unexpected row"
    for key in expected.keys() & found.keys():
        for column, value in expected[key].items():
            other = found[key][column]
            if not alike(value, other, **within):
                yield f"{key} {column}: {value!r} expected, {other!r} found"


def alike(one: Any, other: Any, *, rel_tol: float = 1e-9, abs_tol: float = 1e-9) -> bool:
    """Whether two values are equal; fractions may differ by a part of their size or of 1."""
    if isinstance(one, float) and isinstance(other, int | float) and not isinstance(other, bool):
        return math.isclose(one, other, rel_tol=rel_tol, abs_tol=abs_tol)
    return bool(one == other)


def agree(expected: Rows, found: Rows) -> None:
    """Fail with the first differences, if there are any."""
    wrong = sorted(differences(expected, found))
    assert not wrong, "\n".join([f"{len(wrong)} differences", *wrong[:12]])
