"""Tables saved by spreadsheets: separators, encodings, decimal commas and local dates."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tests.tables import read_run_table
from velocity.errors import SourceError

pytestmark = pytest.mark.sampled(4)

NINE = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 4, 13, tzinfo=UTC)
ROW = {
    "entity": "lab",
    "project": "p",
    "run_id": "r1",
    "state": "finished",
    "created_at": "2026-05-04T09:00:00Z",
    "display_name": "é",
    "runtime_s": "10",
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.csv"


def read(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return read_run_table(path)


def only(table):
    assert table.rejected == ()
    (row,) = table.runs.to_dicts()
    return row


def table_of(separator, *rows):
    return "".join(f"{separator.join(row)}\r\n" for row in [ROW, *(it.values() for it in rows)])


def column_of(path, name, separator, *written):
    """The values of a column that is written so, row by row."""
    rows = [ROW | {"run_id": f"r{n}", name: f'"{text}"'} for n, text in enumerate(written)]
    return read(path, table_of(separator, *rows)).runs[name].to_list()


@pytest.mark.parametrize(
    ("separator", "encoding", "notes"),
    [
        *((separator, "utf-8", 0) for separator in (",", ";", "\t", "|")),
        (";", "utf-8-sig", 0),  # Excel's "CSV UTF-8"
        ("\t", "utf-16", 0),  # Excel's "Unicode text"
        (",", "cp1252", 1),  # Excel's plain "CSV" in the West
    ],
)
def test_separator_and_encoding_of_a_spreadsheet_are_detected(path, separator, encoding, notes):
    table = read(path, table_of(separator, ROW), encoding)
    row = only(table)
    assert (row["display_name"], row["runtime_s"]) == ("é", 10)
    assert len(table.notes) == notes
    assert all("not in UTF-8" in note for note in table.notes)


@pytest.mark.parametrize(("last", "encoding"), [("é", "cp1252"), ("\ufffd", "utf-8")])
def test_the_last_letter_may_be_the_only_one_that_shows_the_encoding(path, last, encoding):
    rows = table_of(",", ROW | {"display_name": "a", "runtime_s": f"10,no{last}"})
    table = read(path, rows.replace("\r", ",notes\r", 1).rstrip(), encoding)
    assert (only(table)["notes"], len(table.notes)) == (f"no{last}", encoding == "cp1252")


def test_lines_may_end_as_on_old_macs(path):
    assert only(read(path, table_of(",", ROW).replace("\n", "")))["runtime_s"] == 10


def test_a_quoted_heading_may_contain_other_separators(path):
    text = table_of(",", ROW).replace("\r\n", ',"a;b;c;d;e;f;g;h"\r\n', 1).replace("10\r", "10,x\r")
    table = read(path, text)
    assert only(table)["run_id"] == "r1"
    assert table.notes == (f"{path}: these columns were skipped: a;b;c;d;e;f;g;h.",)


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_separator_line_for_excel_is_understood(path, line):
    assert only(read(path, f"{line}\r\n{table_of(';', ROW)}"))["run_id"] == "r1"


@pytest.mark.parametrize(
    ("separator", "written", "meant"),
    [
        (";", ["3600,5", "3,600", "1.234,5", "7"], [3600.5, 3.6, 1234.5, 7]),
        ("\t", ["0,25", "1e3"], [0.25, 1000]),
        (",", ["3600,5", "3,600"], [3600.5, 3.6]),
        (",", ["1,234.5", "1,234,567", "12"], [1234.5, 1234567, 12]),
        (",", ["3600.25", ".5", "5."], [3600.25, 0.5, 5]),
        (",", ["3,600", "12"], [None, 12]),
        (",", ["1.2.3", "1,2,3"], [None, None]),
        # Numbers with clear thousands or decimals show what the others mean.
        (";", ["3.600", "1.234,5", "10.800"], [3600, 1234.5, 10800]),
        (";", ["3.600", "1.234.567"], [3600, 1234567]),
        (";", ["12.345", "3600.5"], [12.345, 3600.5]),
        ("\t", ["3,600", "1,234.5"], [3600, 1234.5]),
        (";", ["3,600", "1,234.5"], [3600, 1234.5]),
        (",", ["3,600", "3600.5", "12.345"], [3600, 3600.5, 12.345]),
        (",", ["3,600", "3.600", "3600.5", "3600,5"], [None, None, 3600.5, 3600.5]),
        (",", ["123.456", "3600,5"], [None, 3600.5]),
        # Without one, a program wrote the point, and a spreadsheet the comma between others.
        *((it, ["123.456", "8.250", "12"], [123.456, 8.25, 12]) for it in (",", ";", "\t")),
        *((it, ["123,456", "8,250", "12"], [123.456, 8.25, 12]) for it in (";", "\t")),
        (
            ";",
            ["3,6E+03", "1'234", "3 600,5", "12\u202f345", "1 2"],
            [3600, 1234, 3600.5, 12345, None],
        ),
        (",", ["3 600,50", "7,200"], [3600.5, 7.2]),
        *((it, ["0,850", "12,500", "-0,001"], [0.85, 12.5, -0.001]) for it in (",", ";", "\t")),
    ],
)
def test_commas_in_numbers_are_read_if_they_are_unambiguous(path, separator, written, meant):
    assert column_of(path, "runtime_s", separator, *written) == meant


@pytest.mark.parametrize(
    ("separator", "written", "other", "meant"),
    [
        (";", "3.600", "1.234,5", 3600),
        ("\t", "3,600", "3600.5", 3600),
        (";", "3.600", "0,85", None),  # 3.6 of a program, or 3,600
        (";", "3,600", "3600,5", 3.6),
        (";", "0,850", "0.85", 0.85),  # its own column comes first
    ],
)
def test_numbers_of_another_column_decide_too(path, separator, written, other, meant):
    cells = ROW | {"runtime_s": written, "gpu_utilisation": other}
    pl.DataFrame([cells]).write_csv(path, separator=separator)
    assert only(read_run_table(path))["runtime_s"] == meant


@pytest.mark.parametrize(("separator", "ids"), [(";", ["12", "1,10"]), (",", ["12,0", "1,10"])])
def test_an_id_that_became_a_float_may_have_a_decimal_comma(path, separator, ids):
    assert column_of(path, "run_id", separator, "12,0", "1,10") == ids


def created(path, *written):
    return column_of(path, "created_at", ";", *written)


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-04T09:00:00Z",
        "2026-05-04T09:00:00.000000Z",
        "2026-05-04T09:00:00",  # UTC
        "2026-05-04 09:00",
        " 2026-05-04 11:00:00+02:00 ",
        "2026-05-04T11:00:00.000+0200",
        "2026-05-04 04:00:00-05",
        "2026-05-04 09:00:00.000000000 +00:00",
        "2026/05/04 09:00",
        "2026-5-4 9:00",
        "2026-05-04 09:00:00 UTC",
        "2026-05-04 09:00:00,000",
        "04.05.2026 09:00",
        "4.5.2026, 9:00:00",
        "4 May 2026 09:00",
        "04-May-2026 9:00 AM",
        "May 4, 2026 9:00 a.m.",
        "46146.375",
        "46146,375",
        "1777885200",
        "1777885200000",
        "1777885200000000",
        "1777885200000000000",
        "+1777885200",
        "1.777885200000e12",
        "1.777885200000000000e+09",
        "1.7778852e+09",  # its zeros are left out
        "1,7778852E+09",
        "1.7778852E9",
        "1.7778852e+12",
        "17778852E2",
        "1777885200.0",
        "1777885200000.0",
        "4.6146375E+04",
    ],
)
def test_unambiguous_forms_of_a_time_are_read(path, written):
    assert created(path, written) == [NINE]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-05-04 11:00", NINE),
        ("04.05.2026 11:00", NINE),
        ("46146,458333333", NINE),
        ("2026-01-05 10:00", datetime(2026, 1, 5, 9, tzinfo=UTC)),
        # An hour that the clocks repeat or skip.
        ("2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-03-29 02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        *((it, NINE) for it in ("2026-05-04T09:00:00Z", "2026-05-04 12:00+03:00", "1777885200")),
    ],
)
def test_times_without_an_offset_are_local_times_of_a_named_zone(path, written, meant):
    path.write_text(table_of(";", ROW | {"created_at": written}))
    assert only(read_run_table(path, timezone="Europe/Zurich"))["created_at"] == meant


@pytest.mark.parametrize(
    ("zone", "written", "meant"),
    [
        ("Australia/Lord_Howe", "2026-10-04 02:15", datetime(2026, 10, 3, 15, 45, tzinfo=UTC)),
        ("Australia/Lord_Howe", "2026-04-05 01:45", datetime(2026, 4, 4, 14, 45, tzinfo=UTC)),
        ("Pacific/Apia", "2011-12-30 12:00", datetime(2011, 12, 30, 22, tzinfo=UTC)),
        ("America/Nuuk", "2026-03-28 23:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_that_clocks_skip_is_as_if_they_had_not_changed(path, zone, written, meant):
    path.write_text(table_of(";", ROW | {"created_at": written}))
    assert only(read_run_table(path, timezone=zone))["created_at"] == meant


def test_a_length_of_parquet_is_a_runtime(path):
    pl.DataFrame([ROW | {"runtime_s": timedelta(hours=1)}]).write_parquet(path)
    assert only(read_run_table(path))["runtime_s"] == 3600


def test_naive_times_of_parquet_are_local_too(path):
    naive = NINE.replace(tzinfo=None) + timedelta(hours=2)
    pl.DataFrame([ROW | {"created_at": naive}]).write_parquet(path)
    assert only(read_run_table(path, timezone="Europe/Zurich"))["created_at"] == NINE


@pytest.mark.parametrize(
    ("written", "times"),
    [
        # One unambiguous date decides which number is the day.
        (["13/04/2026", "04/05/2026 09:00"], [MIDNIGHT, NINE]),
        (["4/13/2026", "5/4/2026 9:00"], [MIDNIGHT, NINE]),
        (["4-13-2026 12:00 AM", "5-4-2026 09:00 am"], [MIDNIGHT, NINE]),
        (["13/04/2026 00:00:00", "4/5/2026, 9:00:00"], [MIDNIGHT, NINE]),
        (["5/5/2026"], [datetime(2026, 5, 5, tzinfo=UTC)]),
    ],
)
def test_ambiguous_dates_are_read_by_the_other_ones(path, written, times):
    assert created(path, *written) == times


def test_dates_in_another_column_decide_too(path):
    text = "entity,project,run_id,state,created_at,heartbeat_at\n"
    text += "lab,p,r,finished,5/4/2026 9:00,5/13/2026 9:00\n"
    assert only(read(path, text))["created_at"] == NINE


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ("5/4/2026 9:00", ["5/4/2026 9:00"]),
        ("05/04/2026", ["05/04/2026", "06/04/2026 10:00 PM"]),
        ("5/4/2026", ["13/04/2026", "4/13/2026", "5/4/2026"]),
    ],
)
def test_ambiguous_dates_are_refused_with_an_example(path, shown, written):
    with pytest.raises(SourceError) as caught:
        created(path, *written)
    assert f'"{shown}" in its column "created_at"' in caught.value.message
    assert "2026-05-04T09:00:00Z" in caught.value.hint


@pytest.mark.parametrize(
    "written",
    [
        "2026-13-04",
        "31.02.2026",
        "2026-05-04 25:00",
        "12",
        "13:00 PM",
        "4 Foo 2026",
        "1.77789E+12",
        "1.777885e+09",
        "4.61E+04",  # a day without its clock time
        "1.7778852e+10",  # neither seconds nor parts of them
        "1.7778852e-09",
        "17e8",
    ],
)
def test_text_that_is_not_a_time_is_not_read(path, written):
    assert created(path, "2026-05-04T09:00Z", written) == [NINE]
