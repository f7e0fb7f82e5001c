import csv
import io
from datetime import UTC, datetime

import polars as pl
import pytest

from velocity.reading.downloads import csv_bytes, parquet_bytes

MORNING = datetime(2026, 11, 16, 9, tzinfo=UTC)


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
    # Some programs treat quotes as part of the text if the separator is not a comma.
    for quoting in (
        (csv.QUOTE_MINIMAL, csv.QUOTE_NONE) if separator != "," else (csv.QUOTE_MINIMAL,)
    ):
        lines = io.StringIO(written.decode(), newline="")
        for row in csv.reader(lines, delimiter=separator, quoting=quoting):
            assert not [cell for cell in row if cell.strip(' "')[:1] in tuple("=+-@\uff1d")], row


@pytest.mark.parametrize(
    ("frame", "written"),
    [
        ({"change": [-1.5, 2.0]}, b"change\n-1.5\n2.0\n"),
        ({"changes": [[-1.5, 2.0]]}, b"changes\n-1.5; 2.0\n"),
        ({"name": ["probe-sweep", None, "a=b"]}, b"name\nprobe-sweep\n\na=b\n"),
        ({"tags": [["a", "b"]], "at": [MORNING]}, b"tags,at\na; b,2026-11-16T09:00:00Z\n"),
        (pl.DataFrame(schema={"a": pl.Int64, "b": pl.String}), b"a,b\n"),
    ],
    ids=["numbers", "lists of numbers", "ordinary texts", "lists and times", "without rows"],
)
def test_other_cells_are_written_as_they_are(frame, written):
    assert csv_bytes(pl.DataFrame(frame)) == written


def test_parquet_keeps_rows_and_types():
    frame = pl.DataFrame({"at": [MORNING], "name": ["=1+1"]})
    assert pl.read_parquet(io.BytesIO(parquet_bytes(frame))).equals(frame)
