import csv
import io
from datetime import UTC, datetime

import polars as pl
import pytest

from velocity.reading.downloads import csv_bytes, parquet_bytes


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", '=cmd|"/C calc"!A0']
    + [f"{wide}1" for wide in "\uff1d\uff0b\uff0d\uff20"],
)
def test_a_cell_that_looks_like_a_formula_is_quoted(cell):
    back = pl.read_csv(io.BytesIO(csv_bytes(pl.DataFrame({"name": [cell]}))), quote_char='"')
    assert back["name"].to_list() == [f"'{cell}"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@S(A1)", " =1", '"=1"', "\uff1d1"])
def test_no_separator_lets_a_spreadsheet_run_a_cell(formula, separator):
    names = [formula, *(f"x{it}{formula}" for it in ";\t|\n\r"), f'x;"{formula}', f"x; {formula}"]
    written = csv_bytes(pl.DataFrame({"name": names, "tags": [["x", formula]] * len(names)}))
    # Some programs take quotes for part of the text where the separator is not the comma.
    for quoting in (
        (csv.QUOTE_MINIMAL, csv.QUOTE_NONE) if separator != "," else (csv.QUOTE_MINIMAL,)
    ):
        lines = io.StringIO(written.decode(), newline="")
        for row in csv.reader(lines, delimiter=separator, quoting=quoting):
            assert not [cell for cell in row if cell.strip(' "')[:1] in tuple("=+-@\uff1d")], row


def test_numbers_keep_their_sign():
    lists = pl.DataFrame({"changes": [[-1.5, 2.0]]})
    assert csv_bytes(lists) == b"changes\n-1.5; 2.0\n"
    assert csv_bytes(pl.DataFrame({"change": [-1.5, 2]})) == b"change\n-1.5\n2.0\n"


def test_ordinary_text_and_nulls_are_left_alone():
    frame = pl.DataFrame({"name": ["probe-sweep", None, "a=b"]})
    assert csv_bytes(frame) == b"name\nprobe-sweep\n\na=b\n"


def test_lists_and_times_become_text():
    frame = pl.DataFrame(
        {"tags": [["a", "b"], []], "at": [datetime(2026, 11, 16, 9, tzinfo=UTC), None]}
    )
    assert csv_bytes(frame).decode().splitlines()[1] == "a; b,2026-11-16T09:00:00Z"


def test_an_empty_frame_still_has_its_header():
    assert csv_bytes(pl.DataFrame(schema={"a": pl.Int64, "b": pl.String})) == b"a,b\n"


def test_parquet_keeps_rows_and_types():
    frame = pl.DataFrame({"at": [datetime(2026, 11, 16, tzinfo=UTC)], "name": ["=1+1"]})
    back = pl.read_parquet(io.BytesIO(parquet_bytes(frame)))
    assert back.equals(frame)
