"""Run tables: our own columns as CSV or Parquet, and W&B's export of a runs table."""

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.sampling import drawn
from tests.tables import read_run_table
from velocity.errors import SourceError
from velocity.records import RUN_SCHEMA, run_frame
from velocity.sources.table_kinds import TABLE_SCHEMA

pytestmark = pytest.mark.sampled(4)

HOUR = timedelta(hours=1)
NINE = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
LAB = {"entity": "lab", "project": "p"}
ROW = LAB | {"run_id": "r1", "state": "finished", "created_at": "2026-05-04T09:00:00Z"}
EXPORTED = dict.fromkeys(("Agent", "Notes", "User", "Tags", "Sweep"), "") | {
    "Name": "first",
    "State": "finished",
    "Created": "2026-05-04T09:00:00.000Z",
    "Runtime": "3600",
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.csv"


def csv_of(path, *rows):
    pl.DataFrame(rows).write_csv(path, quote_style="always")
    return path


def read(path, *rows, **given):
    return read_run_table(csv_of(path, *rows), **given)


def read_export(path, *rows):
    return read(path, *(EXPORTED | row for row in rows), **LAB)


def rows_of(table):
    assert dict(table.runs.schema) == RUN_SCHEMA
    return table.runs.to_dicts()


def only(table):
    assert table.rejected == ()
    (row,) = rows_of(table)
    return row


def refusal(path, **given):
    with pytest.raises(SourceError) as caught:
        read_run_table(path, **given)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


def test_a_row_with_only_the_required_columns_is_a_run(path):
    known = {name: value for name, value in only(read(path, ROW)).items() if value is not None}
    assert known == ROW | {"created_at": NINE, "source": "table", "trust": 2}


CELLS = {
    "microseconds are kept": (
        {"created_at": "2026-05-04T09:00:00.123456789Z"},
        {"created_at": NINE + timedelta(microseconds=123456)},
    ),
    "a config is read whole": (
        {"config": '{"seed": 7, "lr": 0.1, "hf_token": "hidden"}'},
        {"config": '{"hf_token":"hidden","lr":0.1,"seed":7}', "config_hash": None},
    ),
    "text": ({"config": '{"lr": 0.1}'}, {"config": '{"lr":0.1}', "unreadable": None}),
    "text in text": ({"config": r'"{\"lr\": 0.1}"'}, {"config": '{"lr":0.1}', "unreadable": None}),
    "hash": ({"config": '{"a": 1}', "config_hash": "theirs"}, {"config_hash": "theirs"}),
    "commit": ({"commit": "c0ffee"}, {"commit": "c0ffee"}),
    "no state": ({"state": ""}, {"state": ""}),
    "an end is the last sign of life": (
        {"ended_at": "2026-05-04T10:00:00Z", "heartbeat_at": "2026-05-04T10:04:00Z"},
        {"heartbeat_at": NINE + HOUR},
    ),
    "an id became a float": ({"run_id": "12.0"}, {"run_id": "12"}),
    "an id became a negative float": ({"run_id": "-3.0"}, {"run_id": "-3"}),
    "1.10": ({"run_id": "1.10"}, {"run_id": "1.10"}),
    "12.00": ({"run_id": "12.00"}, {"run_id": "12.00"}),
    "v12.0": ({"run_id": "v12.0"}, {"run_id": "v12.0"}),
}


@pytest.mark.parametrize(("cells", "expected"), CELLS.values(), ids=CELLS)
def test_a_cell_is_read(path, cells, expected):
    row = only(read(path, ROW | cells))
    assert row == row | expected


def test_lists_are_json_arrays_or_parts_between_semicolons(path):
    starts = [NINE, NINE + HOUR]
    for tags, writer_starts in (
        ('["a", "exp:x"]', json.dumps([start.isoformat() for start in starts])),
        (" a ; exp:x;", "2026-05-04T09:00:00Z; 2026-05-04 10:00"),
    ):
        row = only(read(path, ROW | {"tags": tags, "writer_starts": writer_starts}))
        assert row["tags"] == ["a", "exp:x"]
        assert [writer["start"] for writer in row["writers"]] == starts


def test_an_empty_cell_is_not_known(path):
    empty = dict.fromkeys(RUN_SCHEMA.keys() - ROW.keys(), "")
    row = only(read(path, ROW | empty | {"runtime_s": "NaN", "gpu_count": "nan"}))
    assert {name for name in row if row[name] is None} == empty.keys() - {"source", "trust"}


@pytest.mark.parametrize("word", ["nan", "None", "NULL", "<NA>", "-", "n/a", "#N/A", "unknown"])
def test_what_a_program_writes_for_no_text_is_not_known(path, word):
    names = ("sweep", "group_name", "job_type", "host", "gpu_type", "config_hash", "commit")
    row = only(read(path, ROW | dict.fromkeys(names, word) | {"display_name": word}))
    known = {name for name in (*names, "display_name", "writers") if row.get(name) is not None}
    assert (known, row["unreadable"]) == ({"display_name"}, None)
    table = read(path, ROW, ROW | {"run_id": word})
    assert [it.reason for it in table.rejected] == ["row 2: run_id has no value"]


def test_parquet_written_by_pandas_is_read(path):
    frame = pl.DataFrame(
        {
            **{name: [value] * 2 for name, value in ROW.items()},
            "run_id": [1, 2],
            "created_at": pl.Series([NINE] * 2, dtype=pl.Datetime("ns", "Europe/Berlin")),
            "started_at": pl.Series([NINE.replace(tzinfo=None)] * 2, dtype=pl.Datetime("ms")),
            "heartbeat_at": [date(2026, 5, 5)] * 2,
            "runtime_s": [1, 2],
            "gpu_count": [8.0, float("nan")],
            "tags": [["a"], []],
            "writer_starts": [[NINE], None],
            "state": pl.Series(["finished", "failed"], dtype=pl.Categorical),
            "notes": pl.Series([None, None], dtype=pl.Null),
        }
    )
    frame.write_parquet(path)
    first, second = rows_of(read_run_table(path))
    assert (first["run_id"], first["state"], second["state"]) == ("1", "finished", "failed")
    assert first["created_at"] == NINE
    assert first["heartbeat_at"] == datetime(2026, 5, 5, tzinfo=UTC)
    writers = [it for row in (first, second) for it in row["writers"]]
    assert [(it["start"], it["gpu_count"]) for it in writers] == [(NINE, 8), (NINE, None)]
    assert (first["tags"], first["runtime_s"]) == (["a"], 1.0)


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
_TIME = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_RUN = st.fixed_dictionaries(
    dict.fromkeys(("entity", "project", "state"), _TEXT) | {"created_at": _TIME},
    optional={
        "username": _TEXT,
        "notes": _TEXT,
        "heartbeat_at": _TIME,
        "writer_starts": st.lists(_TIME, max_size=3),
        "tags": st.lists(_TEXT, max_size=3),
        "runtime_s": st.floats(0, 1e9),
        "gpu_count": st.integers(0, 4096),
    },
)


@drawn(16)
@given(st.lists(_RUN, min_size=1, max_size=12))
def test_written_csv_and_parquet_give_the_same_runs(tmp_path_factory, runs):
    rows = [
        dict.fromkeys(TABLE_SCHEMA) | run | {"run_id": f"r{number}"}
        for number, run in enumerate(runs)
    ]
    written = pl.DataFrame(rows, schema=TABLE_SCHEMA)
    folder = tmp_path_factory.mktemp("round")
    written.write_parquet(folder / "runs.parquet")
    lists = {
        name: [
            value if value is None else json.dumps([*map(str, value)]) for value in written[name]
        ]
        for name in ("tags", "writer_starts")
    }
    texts = pl.DataFrame(lists, schema=dict.fromkeys(lists, pl.String))
    written.with_columns(texts).write_csv(folder / "runs.csv")
    for name in ("runs.parquet", "runs.csv"):
        table = read_run_table(folder / name)
        assert table.rejected == ()
        for column in set(written.columns) & set(table.runs.columns):
            assert table.runs[column].equals(written[column])
        starts = [
            [it["start"] for it in row["writers"] or () if it["start"]] for row in rows_of(table)
        ]
        assert starts == [sorted(it) for it in written["writer_starts"].fill_null([])]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("started_at", "2026-02-30T09:00:00Z"),
        ("writer_starts", "2026-05-04; soon"),
        ("heartbeat_at", "yesterday"),
        ("ended_at", "12"),
        ("runtime_s", "2h"),
        ("gpu_count", "1.5"),
        ("gpu_count", "-1"),
        ("gpu_count", "1e15"),
        ("gpu_utilisation", "inf"),
        ("gpu_utilisation", "85"),
        ("gpu_utilisation", "-0.5"),
        ("tags", '["a'),
        ("config", "[1]"),
    ],
)
def test_only_an_unreadable_value_is_lost(path, column, value):
    named = ROW | {"display_name": "n"}
    table = read(path, named | {column: "", "run_id": "good"}, named | {column: value})
    assert table.rejected == ()
    whole, partial = rows_of(table)
    assert (whole["unreadable"], partial["unreadable"]) == (None, [column])
    assert partial | {"unreadable": None, "run_id": "good"} == whole
    (note,) = table.notes
    shown = "" if column == "config" else f' "{value}"'
    told = f"{path}: {column} is not known in 1 row: row 2: {column}{shown} is not "
    assert note.startswith(told)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        *(({it: ""}, f"{it} has no value") for it in ("entity", "project", "run_id", "created_at")),
        (
            {"created_at": "yesterday"},
            'created_at "yesterday" is not a time such as 2026-05-04T09:00:00Z',
        ),
        (
            {"run_id": "", "config": '{"token": "hidden"'},
            "config is not a JSON object; run_id has no value",
        ),
        (
            {"run_id": "1.23E+10"},
            'run_id "1.23E+10" is not an id: a program turned it into a number and lost digits',
        ),
        (
            {"run_id": "1.2345e+19"},
            'run_id "1.2345e+19" is not an id: a program turned it into a number and lost digits',
        ),
    ],
)
def test_a_row_without_an_id_or_a_creation_time_is_not_a_run(path, cells, reason):
    table = read(path, ROW, ROW | {"run_id": "r2"} | cells, ROW | {"run_id": "2E7x"})
    assert table.runs["run_id"].to_list() == ["r1", "2E7x"]
    (rejected,) = table.rejected
    assert rejected.reason == f"row 2: {reason}"
    assert rejected.run_id == (None if "run_id" in cells else "r2")
    assert table.notes == (f"{path}: 1 of 3 rows could not be read: row 2: {reason}.",)


@pytest.mark.parametrize("start", ["started_at", "writer_starts", "first_metric_at"])
@pytest.mark.parametrize(("written", "told"), [("", "has no value"), ("soon", '"soon" is not a')])
def test_a_run_whose_creation_is_not_known_stands_at_its_start(path, start, written, told):
    table = read(path, ROW | {"created_at": written, start: "2026-05-04T09:00:00Z"})
    run = only(table)
    assert (run["created_at"], run["unreadable"]) == (NINE, ["created_at"])
    assert table.notes[0].startswith(f"{path}: created_at is not known in 1 row: row 1: created_at")
    assert told in table.notes[0]


@pytest.mark.parametrize("unset", ["writer_starts", "started_at"])
def test_a_clock_that_was_not_set_does_not_tell_the_creation(path, unset):
    starts = {"first_metric_at": "2026-05-04T09:00:00Z", unset: "1970-01-01T00:01:00Z"}
    assert only(read(path, ROW | {"created_at": ""} | starts))["created_at"] == NINE


def test_the_first_rejected_rows_are_explained_and_the_others_counted(path):
    (note,) = read(path, ROW, *[ROW | {"run_id": ""}] * 5).notes
    assert note.startswith(f"{path}: 5 of 6 rows could not be read: row 2: ")
    assert note.endswith("; and 2 more.")


def test_a_table_without_a_readable_row_is_refused(path):
    error = refusal(csv_of(path, ROW | {"created_at": "soon"}, ROW | {"run_id": ""}))
    assert 'row 1: created_at "soon" is not a time' in error.message
    assert "row 2: run_id has no value" in error.message


def test_only_a_row_with_too_many_values_is_rejected(path):
    csv_of(path, ROW, ROW | {"run_id": "r2"}, ROW | {"run_id": "r3"})
    path.write_text(path.read_text().replace('"r2",', '"r2","more",'))
    table = read_run_table(path, **LAB)
    assert table.runs["run_id"].to_list() == ["r1", "r3"]
    (rejected,) = table.rejected
    assert (rejected.entity, rejected.project, rejected.run_id) == ("lab", "p", None)
    assert rejected.reason == "row 2: it has 6 values but 5 headings"
    assert "1 of 3 rows could not be read" in table.notes[0]


@pytest.mark.parametrize("lost", range(2, 20))
@pytest.mark.parametrize(
    ("quote_style", "encoding"),
    [("always", "utf-8"), ("necessary", "utf-8"), ("necessary", "utf-16")],
)
def test_a_last_line_that_is_cut_is_rejected_and_named(path, quote_style, encoding, lost):
    rows = [ROW | {"run_id": it, "runtime_s": "3600", "host": "n1"} for it in ("r1", "r2")]
    pl.DataFrame(rows).write_csv(path, quote_style=quote_style)
    path.write_text(path.read_text()[: -len('"n1"') - lost], encoding=encoding)
    table = read_run_table(path)
    assert table.runs["run_id"].to_list() == ["r1"]
    assert [it.reason for it in table.rejected] == ["row 2: the file ends in the middle of it"]
    assert "1 of 2 rows could not be read" in table.notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_may_be_cut_in_a_letter_and_have_an_overlong_row_too(path, encoding):
    rows = [ROW | {"run_id": it, "notes": "ü"} for it in ("r1", "r2", "r3")]
    text = csv_of(path, *rows).read_text(encoding="utf-8").removesuffix('"\n')
    path.write_bytes(text.replace('"r2",', '"r2","more",').encode(encoding)[:-1])
    table = read_run_table(path, **LAB)
    assert table.runs["notes"].to_list() == ["ü"]
    assert [it.reason for it in table.rejected] == [
        "row 2: it has 7 values but 6 headings",
        "row 3: the file ends in the middle of it",
    ]


def test_the_line_that_names_the_separator_is_not_taken_for_the_headings(path):
    text = csv_of(path, ROW, ROW).read_text().replace(",", ";")
    path.write_text("sep=;\n" + text[:-30])
    (rejected,) = read_run_table(path).rejected
    assert rejected.reason == "row 2: the file ends in the middle of it"


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n  "])
def test_a_last_line_without_an_end_may_be_whole(path, end):
    last = ROW | {"run_id": "r2", "notes": "two\nlines"}
    for rows in ([ROW, last], [last]):
        path.write_text(csv_of(path, *rows).read_text().strip() + end)
        ids = [it["run_id"] for it in rows]
        assert read_run_table(path).runs["run_id"].to_list() == ids


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ([ROW | {"mood": "good", "row": "1", "": ""}], "these columns were skipped: mood, row."),
        # A heading that reverses the text after it.
        ([ROW | {"mo\u202eod": "good"}], "these columns were skipped: mo\ufffdod."),
        ([ROW | {"state": "running"}, ROW], "1 row skipped: a later row is about the same run."),
    ],
)
def test_skipped_columns_and_rows_are_named(path, rows, note):
    table = read(path, *rows)
    assert [row["state"] for row in rows_of(table)] == ["finished"]
    assert table.notes == (f"{path}: {note}",)


def test_the_largest_time_is_found_in_every_column_of_times(path):
    times = [name for name, kind in TABLE_SCHEMA.items() if kind == TABLE_SCHEMA["created_at"]]
    row = ROW | {"started_at": ROW["created_at"], "runtime_s": "9e9"}
    for column in (*times, "writer_starts"):
        complete_to = read(path, row | {column: "2026-05-06T00:00:00Z"}).complete_to
        assert complete_to == datetime(2026, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("known", "hours"),
    [
        ({}, 2),
        ({"started_at": "2026-05-04T12:00:00Z"}, 5),
        ({"started_at": "2026-05-04T12:00:00Z", "writer_starts": "2026-05-04T10:00:00Z"}, 3),
        ({"started_at": "1970-01-01T00:01:00Z"}, 2),  # a clock that was not set
        ({"heartbeat_at": "2026-05-04T12:30:00Z"}, 3.5),
    ],
)
def test_a_table_is_complete_up_to_the_end_of_its_last_run(path, known, hours):
    assert read(path, ROW | {"runtime_s": "7200"} | known).complete_to == NINE + hours * HOUR


def test_float_ids_of_parquet_are_restored(path):
    ids = [12.0, 1.5, 2.0**52, float("nan"), 2.0**53, float("inf")]
    pl.DataFrame([ROW | {"run_id": it} for it in ids]).write_parquet(path)
    table = read_run_table(path)
    assert table.runs["run_id"].to_list() == ["12", "1.5", "4503599627370496"]
    unknown, *lost = [rejected.reason for rejected in table.rejected]
    assert unknown == "row 4: run_id has no value"
    assert [it.endswith("into a number and lost digits") for it in lost] == [True, True]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["ada", None]),
        ({"username": "bob"}, ["ada", "bob"]),
        ({"user_column": "owner"}, ["cy", None]),
        ({"user_column": "owner", "username": "bob"}, ["cy", "bob"]),
        ({"user_column": "run_id"}, ["r1", "r2"]),
    ],
)
def test_a_username_comes_from_the_table_or_the_command(path, given, names):
    second = ROW | {"run_id": "r2", "username": "", "owner": " "}
    table = read(path, ROW | {"username": "ada", "owner": "cy"}, second, **given)
    assert table.runs["username"].to_list() == names


def test_a_given_entity_and_project_fill_gaps_but_never_replace(path):
    bare = {name: value for name, value in ROW.items() if name != "project"}
    row = only(read(path, bare, entity="mine", project="q"))
    assert (row["entity"], row["project"]) == ("lab", "q")


def test_empty_lines_and_a_byte_order_mark_are_ignored(path):
    path.write_bytes(b"\xef\xbb\xbf" + csv_of(path, ROW).read_bytes() + b"\n\n")
    assert only(read_run_table(path))["run_id"] == "r1"


EXPORTS = {
    "every column, and a given entity and project": (
        {"ID": "abc", "User": "ada", "Tags": "a, exp:x", "Sweep": "s", "Group": "g"},
        LAB
        | {"run_id": "abc", "display_name": "first", "username": "ada", "state": "finished"}
        | {"tags": ["a", "exp:x"], "sweep": "s", "group_name": "g"}
        | {"created_at": NINE, "runtime_s": 3600.0},
    ),
    "a dash is an empty value": (
        dict.fromkeys(("Notes", "User", "Tags", "Sweep", "Group"), "-"),
        dict.fromkeys(("notes", "username", "tags", "sweep", "group_name")),
    ),
    "config columns are not mistaken for ours": (
        {"host": "x", "tags": "y", "entity": "z"},
        {"writers": None, "tags": None, "entity": "lab"},
    ),
}


@pytest.mark.parametrize(("cells", "expected"), EXPORTS.values(), ids=EXPORTS)
def test_an_export_is_read(path, cells, expected):
    row = only(read_export(path, cells))
    assert row == row | expected


@pytest.mark.parametrize(
    ("created", "runtime", "hours"),
    [("09:30", "60", 1), *(("10:30", it, 1.5) for it in ("400000000", "1e12", "1e300"))],
)
def test_an_export_is_complete_up_to_the_last_possible_end_in_it(path, created, runtime, hours):
    later = {"Name": "second", "Created": f"2026-05-04T{created}:00Z", "Runtime": runtime}
    table = read_export(path, {}, later)
    assert (table.complete_to, table.runs.height) == (NINE + hours * HOUR, 2)


def test_an_export_without_ids_uses_names_and_creation_times(path):
    def ids(*created):
        table = read_export(path, *({"Created": it} for it in created))
        assert any("ids were made" in note for note in table.notes)
        return {row["created_at"]: row["run_id"] for row in rows_of(table)}

    times = ("09:00:00.000", "10:00:00.5", "11:00:00")
    older, newer, newest = (f"2026-05-04T{it}Z" for it in times)
    made = ["first 2026-05-04T10:00:00.500Z", "first 2026-05-04T09:00:00Z"]
    assert list(ids(newer, older).values()) == made
    assert ids(older).items() <= ids(newest, newer, older).items()


def test_runs_with_the_same_name_and_creation_time_are_numbered(path):
    table = read_export(path, {}, {"Name": "other"}, {}, {"Name": ""}, {})
    at = "2026-05-04T09:00:00Z"
    ids = [f"first {at}", f"other {at}", f"first {at} #2", f"first {at} #3"]
    assert table.runs["run_id"].to_list() == ids
    assert [rejected.reason for rejected in table.rejected] == ["row 4: run_id has no value"]
    table = read_export(path, {}, {"Created": "soon", "Start Time": EXPORTED["Created"]})
    assert "run_id has no value" in table.rejected[0].reason
    assert read_export(path, *[{}] * 20_000).runs["run_id"].n_unique() == 20_000


@pytest.mark.parametrize(
    ("cells", "begun", "seen"),
    [
        ({"Start Time": "2026-05-04T09:05:00Z", "End Time": "2026-05-04T10:00:00Z"}, 5, 60),
        ({"Start Time": "", "Updated": "2026-05-04T10:30:00Z"}, None, 90),
        ({"End Time": "2026-05-04T10:00:00Z", "Updated": "2026-05-05T10:30:00Z"}, None, 60),
        ({"End Time": "-", "Updated": "2026-05-04T10:30:00Z"}, None, 90),
    ],
)
def test_start_and_end_are_read_from_an_export_that_has_them(path, cells, begun, seen):
    row = only(read_export(path, cells))
    starts = [writer["start"] for writer in row["writers"] or ()]
    assert starts == ([] if begun is None else [NINE + timedelta(minutes=begun)])
    assert row["heartbeat_at"] == NINE + timedelta(minutes=seen)


def test_the_machine_is_read_from_an_export(path):
    cells = {"Hostname": "n1", "GPU Count": "8", "GPU Type": "NVIDIA A100"}
    (writer,) = only(read_export(path, cells))["writers"]
    assert (writer["host"], writer["gpu_count"], writer["gpu_type"]) == ("n1", 8, "NVIDIA A100")
    assert writer["start"] is None


def test_an_export_without_entity_and_project_is_refused(path):
    csv_of(path, EXPORTED)
    assert "does not name the entity and the project" in refusal(path).message
    assert refusal(path, entity="lab").hint == "Add --project to the command."


@pytest.mark.parametrize(
    ("column", "left_out"),
    [("State", {"State"}), ("Created", {"Created"}), ("ID", {"Name"}), ("ID", {"Name", "User"})],
)
def test_the_error_for_a_missing_column_of_an_export_says_where_to_choose_it(
    path, column, left_out
):
    less = {name: value for name, value in EXPORTED.items() if name not in left_out}
    error = refusal(csv_of(path, less), **LAB)
    assert f'does not have the column "{column}"' in error.message
    assert error.hint == f"Choose {column} under Columns in W&B, and export the table again."


def test_each_missing_column_is_named(path):
    for column in ROW:
        less = {name: value for name, value in ROW.items() if name != column}
        error = refusal(csv_of(path, less))
        assert error.message.endswith(f'does not have the column "{column}".')
        assert ", ".join(less) in error.hint
    named = {name: value for name, value in ROW.items() if name != "state"} | {"Name": "n"}
    assert 'does not have the column "state".' in refusal(csv_of(path, named)).message
    error = refusal(csv_of(path, ROW), user_column="Owner")
    assert 'does not have the column "Owner"' in error.message
    assert "run_id" in error.hint
    error = refusal(csv_of(path, {"a": "1", "b": "2"}))
    wanted = '"entity", "project", "run_id", "state", "created_at"'
    assert f"does not have the columns {wanted}" in error.message


def test_a_missing_file_and_a_directory_are_reported(tmp_path):
    assert "does not exist" in refusal(tmp_path / "none.csv").message
    assert "is a directory" in refusal(tmp_path).message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"entity,project,run_id,state,created_at\n", "has no rows"),
        (b"entity,project,run_id,state,created_at\n\n\n", "has no rows"),
        (
            b"entity,project,run_id,state,created_at\n1,2,3,4,5,6\n",
            "row 1: it has 6 values but 5 headings",
        ),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is binary, neither a CSV file nor a Parquet file"),
        (b"PK\x03\x04 and so on", "is an Excel workbook"),
        (b'{"runs": []}', "is a JSON file"),
        (b"\x1f\x8b\x08\0", "is a compressed file"),
        (b"PAR1 and no more", "is a damaged Parquet file"),
        (b"a, a\n1,2\n", 'has two columns "a"'),
        (b"run_id,state,state\n1,2,3\n", 'has two columns "state"'),
        (b"\n\n", "cannot be read as CSV"),
    ],
)
def test_each_kind_of_file_that_is_not_a_table_has_its_own_error(path, content, words):
    path.write_bytes(content)
    assert words in refusal(path).message


def test_a_truncated_or_damaged_parquet_file_never_crashes(path):
    runs = [ROW | {"created_at": NINE, "run_id": f"r{n}"} for n in range(500)]
    run_frame(runs).write_parquet(path)
    whole = path.read_bytes()
    for at in range(4, len(whole), 211):
        path.write_bytes(whole[:at])
        assert "is a damaged Parquet file" in refusal(path).message


def test_a_column_of_a_type_that_cannot_be_read_is_named(path):
    for column, value in {
        "started_at": True,
        "tags": {"a": 1},
        "display_name": b"\xff",
        "host": HOUR,
    }.items():
        pl.DataFrame([ROW | {column: value}]).write_parquet(path)
        message = refusal(path).message
        assert f'"{column}"' in message
        assert "cannot be read as" in message


def test_an_unreadable_list_of_a_parquet_file_is_shown_as_it_is(path):
    pl.DataFrame([ROW | {"writer_starts": ["yesterday", "noon"]}]).write_parquet(path)
    (note,) = read_run_table(path).notes
    assert "yesterday" in note
    assert "shape" not in note


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["nasa", "pozidriv"])
def test_real_tables_are_equal_from_parquet_and_csv(shared_data, path, name):
    frame = pl.read_parquet(shared_data / f"{name}.runs.parquet")
    table = read_run_table(shared_data / f"{name}.runs.parquet")
    assert (table.runs.height, table.rejected, table.notes) == (frame.height, (), ())
    assert table.complete_to == frame["heartbeat_at"].max()
    frame.write_csv(path)
    assert read_run_table(path).runs.equals(table.runs)
