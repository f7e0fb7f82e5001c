"""Run tables: our own columns as CSV or Parquet, and W&B's export of a runs table."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.sampling import drawn
from tests.tables import read_run_table
from velocity.errors import SourceError
from velocity.records import RUN_SCHEMA, RunBatch, run_frame
from velocity.sources.table_kinds import TABLE_SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.sampled(4)

NINE = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
ROW = {
    "entity": "lab",
    "project": "p",
    "run_id": "r1",
    "state": "finished",
    "created_at": "2026-05-04T09:00:00Z",
}
EXPORTED = {
    "Name": "first",
    "Agent": "",
    "State": "finished",
    "Notes": "",
    "User": "",
    "Tags": "",
    "Created": "2026-05-04T09:00:00.000Z",
    "Runtime": "3600",
    "Sweep": "",
}


def csv_of(path: Path, *rows: dict[str, str]) -> Path:
    pl.DataFrame(rows).write_csv(path, quote_style="always")
    return path


def read_rows(table: RunBatch) -> list[dict[str, Any]]:
    assert dict(table.runs.schema) == RUN_SCHEMA
    return table.runs.to_dicts()


def only(path: Path, **given: str) -> dict[str, Any]:
    table = read_run_table(path, **given)
    assert table.rejected == ()
    (row,) = read_rows(table)
    return row


def refusal(path: Path, **given: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read_run_table(path, **given)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


# Values


def test_a_row_with_only_the_required_columns_is_a_run(tmp_path: Path) -> None:
    row = only(csv_of(tmp_path / "runs.csv", ROW))
    known = {name: value for name, value in row.items() if value is not None}
    assert known == {**ROW, "created_at": NINE, "source": "table", "trust": 2}


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-04T09:00:00Z",
        "2026-05-04T09:00:00.000000Z",
        "2026-05-04T09:00:00",
        "2026-05-04 09:00",
        " 2026-05-04 11:00:00+02:00 ",
        "2026-05-04T11:00:00.000+0200",
        "2026-05-04 04:00:00-05",
        "2026-05-04 09:00:00.000000000 +00:00",
    ],
)
def test_iso_times_are_read_and_naive_ones_are_utc(tmp_path: Path, written: str) -> None:
    assert only(csv_of(tmp_path / "t.csv", {**ROW, "created_at": written}))["created_at"] == NINE


def test_times_keep_their_microseconds(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "t.csv", {**ROW, "created_at": "2026-05-04T09:00:00.123456789Z"})
    assert only(path)["created_at"] == NINE + timedelta(microseconds=123456)


def test_lists_are_json_arrays_or_parts_between_semicolons(tmp_path: Path) -> None:
    starts = [NINE, NINE + timedelta(hours=1)]
    for tags, writer_starts in (
        ('["a", "exp:x"]', json.dumps([start.isoformat() for start in starts])),
        (" a ; exp:x;", "2026-05-04T09:00:00Z; 2026-05-04 10:00"),
    ):
        path = csv_of(tmp_path / "t.csv", {**ROW, "tags": tags, "writer_starts": writer_starts})
        row = only(path)
        assert row["tags"] == ["a", "exp:x"]
        assert [writer["start"] for writer in row["writers"]] == starts


def test_a_config_is_read_whole(tmp_path: Path) -> None:
    config = {"seed": 7, "lr": 0.1, "hf_token": "hidden"}
    row = only(csv_of(tmp_path / "t.csv", {**ROW, "config": json.dumps(config)}))
    assert row["config"] == '{"hf_token":"hidden","lr":0.1,"seed":7}'
    assert row["config_hash"] is None


def test_a_hash_in_the_table_is_kept(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "t.csv", {**ROW, "config": '{"a": 1}', "config_hash": "theirs"})
    assert only(path)["config_hash"] == "theirs"


def test_a_table_can_have_the_commit(tmp_path):
    path = csv_of(tmp_path / "t.csv", {**ROW, "commit": "c0ffee"})
    assert only(path)["commit"] == "c0ffee"


def test_an_empty_cell_is_not_known(tmp_path: Path) -> None:
    empty = {name: "" for name in RUN_SCHEMA if name not in ROW}
    row = only(csv_of(tmp_path / "t.csv", {**ROW, **empty, "runtime_s": "NaN", "gpu_count": "nan"}))
    assert {name for name, value in row.items() if value is None} == set(empty) - {
        "source",
        "trust",
    }


def test_parquet_written_by_pandas_is_read(tmp_path: Path) -> None:
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
    frame.write_parquet(tmp_path / "t.parquet")
    first, second = read_rows(read_run_table(tmp_path / "t.parquet"))
    assert (first["run_id"], first["state"], second["state"]) == ("1", "finished", "failed")
    starts = [[writer["start"] for writer in row["writers"]] for row in (first, second)]
    assert first["created_at"] == NINE
    assert starts == [[NINE], [NINE]]
    assert first["heartbeat_at"] == datetime(2026, 5, 5, tzinfo=UTC)
    assert [row["writers"][0]["gpu_count"] for row in (first, second)] == [8, None]
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
def test_written_csv_and_parquet_give_the_same_runs(
    tmp_path_factory: pytest.TempPathFactory, runs: list[dict[str, Any]]
) -> None:
    written = pl.DataFrame(
        [
            dict.fromkeys(TABLE_SCHEMA) | run | {"run_id": f"r{number}"}
            for number, run in enumerate(runs)
        ],
        schema=TABLE_SCHEMA,
    )
    folder = tmp_path_factory.mktemp("round")
    written.write_parquet(folder / "runs.parquet")
    lists = [
        pl.Series(
            name,
            [
                None if value is None else json.dumps([str(item) for item in value])
                for value in written[name]
            ],
            dtype=pl.String,
        )
        for name in ("tags", "writer_starts")
    ]
    written.with_columns(*lists).write_csv(folder / "runs.csv")
    for name in ("runs.parquet", "runs.csv"):
        table = read_run_table(folder / name)
        assert table.rejected == ()
        read = table.runs
        for column in set(written.columns) & set(read.columns):
            assert read[column].equals(written[column])
        starts = [
            [it["start"] for it in row["writers"] or () if it["start"]] for row in read_rows(table)
        ]
        assert starts == [sorted(it) for it in written["writer_starts"].fill_null([])]


# Unreadable and skipped values


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("started_at", "2026-02-30T09:00:00Z"),
        ("writer_starts", "2026-05-04; soon"),
        ("heartbeat_at", "yesterday"),
        ("ended_at", "12"),
        ("runtime_s", "2h"),
        ("gpu_count", "1.5"),
        ("gpu_utilisation", "inf"),
        ("tags", '["a'),
        ("config", "[1]"),
    ],
)
def test_only_an_unreadable_value_is_lost(tmp_path: Path, column: str, value: str) -> None:
    good = {**ROW, column: "", "run_id": "good", "display_name": "n"}
    path = csv_of(tmp_path / "t.csv", good, {**ROW, column: value, "display_name": "n"})
    table = read_run_table(path)
    assert table.rejected == ()
    whole, partial = read_rows(table)
    assert (whole["unreadable"], partial["unreadable"]) == (None, [column])
    assert {**partial, "unreadable": None, "run_id": "good"} == whole
    (note,) = table.notes
    shown = "" if column == "config" else f' "{value}"'
    assert note.startswith(
        f"{path}: {column} is not known in 1 row: row 2: {column}{shown} is not "
    )


@pytest.mark.parametrize("column", ["entity", "project", "run_id", "created_at"])
def test_a_row_without_an_id_or_a_creation_time_is_not_a_run(tmp_path: Path, column: str) -> None:
    path = csv_of(tmp_path / "t.csv", ROW, {**ROW, "run_id": "r2", column: ""})
    table = read_run_table(path)
    assert table.runs["run_id"].to_list() == ["r1"]
    (rejected,) = table.rejected
    assert rejected.reason == f"row 2: {column} has no value"
    assert table.notes == (f"{path}: 1 of 2 rows could not be read: {rejected.reason}.",)


def test_a_creation_time_that_cannot_be_read_is_quoted(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "t.csv", ROW, {**ROW, "run_id": "r2", "created_at": "yesterday"})
    (rejected,) = read_run_table(path).rejected
    assert rejected.run_id == "r2"
    assert rejected.reason.startswith('row 2: created_at "yesterday" is not a time such as ')


def test_the_first_rejected_rows_are_explained_and_the_others_counted(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "t.csv", ROW, *[{**ROW, "run_id": ""}] * 5)
    (note,) = read_run_table(path).notes
    assert note.startswith(f"{path}: 5 of 6 rows could not be read: row 2: ")
    assert note.endswith("; and 2 more.")


def test_a_table_without_a_readable_row_is_refused(tmp_path: Path) -> None:
    error = refusal(
        csv_of(tmp_path / "t.csv", {**ROW, "created_at": "soon"}, {**ROW, "run_id": ""})
    )
    assert 'row 1: created_at "soon" is not a time' in error.message
    assert "row 2: run_id has no value" in error.message


def test_only_a_row_with_too_many_values_is_rejected(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "t.csv", ROW, {**ROW, "run_id": "r2"}, {**ROW, "run_id": "r3"})
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[2] += ",more"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    table = read_run_table(path, entity="lab", project="p")
    assert table.runs["run_id"].to_list() == ["r1", "r3"]
    (rejected,) = table.rejected
    assert (rejected.entity, rejected.project, rejected.run_id) == ("lab", "p", None)
    assert rejected.reason == "row 2: it has 6 values but 5 headings"
    assert "1 of 3 rows could not be read" in table.notes[0]


def test_a_table_with_only_long_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{','.join(ROW)}\n1,2,3,4,5,6\n", encoding="utf-8")
    assert "row 1: it has 6 values but 5 headings" in refusal(path).message


def test_an_unreadable_config_is_not_quoted(tmp_path: Path) -> None:
    row = {**ROW, "run_id": "", "config": '{"token": "hidden"'}
    (rejected,) = read_run_table(csv_of(tmp_path / "t.csv", ROW | {"config": ""}, row)).rejected
    assert rejected.reason == "row 2: config is not a JSON object; run_id has no value"


def test_a_config_in_json_text_inside_json_text_is_read(tmp_path: Path) -> None:
    config = {"lr": 0.1}
    for text in (json.dumps(config), json.dumps(json.dumps(config))):
        row = only(csv_of(tmp_path / "t.csv", {**ROW, "config": text}))
        assert (row["config"], row["unreadable"]) == ('{"lr":0.1}', None)


def test_a_row_without_a_state_is_a_run(tmp_path: Path) -> None:
    assert only(csv_of(tmp_path / "t.csv", {**ROW, "state": ""}))["state"] == ""


def test_unknown_columns_are_skipped_by_name(tmp_path: Path) -> None:
    table = read_run_table(csv_of(tmp_path / "t.csv", {**ROW, "mood": "good", "row": "1", "": ""}))
    assert table.notes == (f"{tmp_path / 't.csv'}: these columns were skipped: mood, row.",)


def test_a_heading_that_reverses_text_is_shown_without_that(tmp_path: Path) -> None:
    table = read_run_table(csv_of(tmp_path / "t.csv", {**ROW, "mo\u202eod": "good"}))
    assert table.notes == (f"{tmp_path / 't.csv'}: these columns were skipped: mo\ufffdod.",)


def test_the_last_row_about_a_run_counts(tmp_path: Path) -> None:
    table = read_run_table(csv_of(tmp_path / "t.csv", {**ROW, "state": "running"}, ROW))
    assert [row["state"] for row in read_rows(table)] == ["finished"]
    assert table.notes == (
        f"{tmp_path / 't.csv'}: 1 row skipped: a later row is about the same run.",
    )


def test_the_largest_time_is_found_in_every_column_of_times(tmp_path: Path) -> None:
    later = "2026-05-06T00:00:00Z"
    times = [name for name, kind in TABLE_SCHEMA.items() if kind == TABLE_SCHEMA["created_at"]]
    for column in (*times, "writer_starts"):
        row = {**ROW, "started_at": ROW["created_at"], column: later, "runtime_s": "9e9"}
        table = read_run_table(csv_of(tmp_path / "t.csv", row))
        assert table.complete_to == datetime(2026, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("known", "hours"),
    [
        ({}, 2),
        ({"started_at": "2026-05-04T12:00:00Z"}, 5),
        ({"started_at": "2026-05-04T12:00:00Z", "writer_starts": "2026-05-04T10:00:00Z"}, 3),
        ({"heartbeat_at": "2026-05-04T12:30:00Z"}, 3.5),
    ],
)
def test_a_table_is_complete_up_to_the_end_of_its_last_run(
    tmp_path: Path, known: dict[str, str], hours: float
) -> None:
    table = read_run_table(csv_of(tmp_path / "t.csv", {**ROW, "runtime_s": "7200", **known}))
    assert table.complete_to == NINE + timedelta(hours=hours)


def test_an_end_is_the_last_sign_of_life(tmp_path: Path) -> None:
    row = {**ROW, "ended_at": "2026-05-04T10:00:00Z", "heartbeat_at": "2026-05-04T10:04:00Z"}
    assert only(csv_of(tmp_path / "t.csv", row))["heartbeat_at"] == NINE + timedelta(hours=1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("12.0", "12"), ("-3.0", "-3"), ("1.10", "1.10"), ("12.00", "12.00"), ("v12.0", "v12.0")],
)
def test_an_id_that_became_a_float_is_restored(tmp_path: Path, written: str, meant: str) -> None:
    assert only(csv_of(tmp_path / "t.csv", {**ROW, "run_id": written}))["run_id"] == meant


def test_float_ids_of_parquet_are_restored(tmp_path: Path) -> None:
    ids = [12.0, 1.5, 2.0**52, float("nan")]
    frame = pl.DataFrame([ROW] * len(ids)).with_columns(run_id=pl.Series(ids))
    frame.write_parquet(tmp_path / "t.parquet")
    table = read_run_table(tmp_path / "t.parquet")
    assert table.runs["run_id"].to_list() == ["12", "1.5", "4503599627370496"]
    assert [rejected.reason for rejected in table.rejected] == ["row 4: run_id has no value"]


def test_an_id_with_digits_lost_by_a_spreadsheet_is_rejected(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "t.csv", ROW, {**ROW, "run_id": "1.23E+10"}, {**ROW, "run_id": "2E7x"})
    table = read_run_table(path)
    assert table.runs["run_id"].to_list() == ["r1", "2E7x"]
    (rejected,) = table.rejected
    assert "a spreadsheet turned it into a number" in rejected.reason


# Users, entities and projects


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
def test_a_username_comes_from_the_table_or_the_command(
    tmp_path: Path, given: dict[str, str], names: list[str | None]
) -> None:
    rows = (
        {**ROW, "username": "ada", "owner": "cy"},
        {**ROW, "run_id": "r2", "username": "", "owner": " "},
    )
    table = read_run_table(csv_of(tmp_path / "t.csv", *rows), **given)
    assert table.runs["username"].to_list() == names


def test_a_missing_user_column_is_refused(tmp_path: Path) -> None:
    error = refusal(csv_of(tmp_path / "t.csv", ROW), user_column="Owner")
    assert 'does not have the column "Owner"' in error.message
    assert "run_id" in error.hint


def test_a_given_entity_and_project_fill_gaps_but_never_replace(tmp_path: Path) -> None:
    bare = {name: value for name, value in ROW.items() if name != "project"}
    path = csv_of(tmp_path / "t.csv", bare)
    row = only(path, entity="mine", project="q")
    assert (row["entity"], row["project"]) == ("lab", "q")


def test_empty_lines_and_a_byte_order_mark_are_ignored(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "t.csv", ROW)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"\n\n")
    assert only(path)["run_id"] == "r1"


# W&B's export


def test_an_export_is_read_with_the_entity_and_project_given(tmp_path: Path) -> None:
    path = csv_of(
        tmp_path / "e.csv",
        {**EXPORTED, "ID": "abc", "User": "ada", "Tags": "a, exp:x", "Sweep": "s", "Group": "g"},
    )
    row = only(path, entity="lab", project="p")
    assert (row["entity"], row["project"], row["run_id"]) == ("lab", "p", "abc")
    assert (row["display_name"], row["username"], row["state"]) == ("first", "ada", "finished")
    assert (row["tags"], row["sweep"], row["group_name"]) == (["a", "exp:x"], "s", "g")
    assert (row["created_at"], row["runtime_s"]) == (NINE, 3600.0)


def test_an_export_is_complete_up_to_the_last_end_in_it(tmp_path: Path) -> None:
    later = {**EXPORTED, "Name": "second", "Created": "2026-05-04T09:30:00Z", "Runtime": "60"}
    table = read_run_table(csv_of(tmp_path / "e.csv", EXPORTED, later), entity="lab", project="p")
    assert table.complete_to == NINE + timedelta(hours=1)


@pytest.mark.parametrize("runtime", ["400000000", "1e12", "1e300"])
def test_an_impossible_runtime_does_not_set_the_end_of_the_data(
    tmp_path: Path, runtime: str
) -> None:
    absurd = {**EXPORTED, "Name": "second", "Created": "2026-05-04T10:30:00Z", "Runtime": runtime}
    table = read_run_table(csv_of(tmp_path / "e.csv", EXPORTED, absurd), entity="lab", project="p")
    assert table.complete_to == NINE + timedelta(hours=1, minutes=30)
    assert table.runs.height == 2


def test_an_export_without_ids_uses_names_and_creation_times(tmp_path: Path) -> None:
    def ids(*rows: dict[str, str]) -> dict[datetime, str]:
        table = read_run_table(csv_of(tmp_path / "e.csv", *rows), entity="lab", project="p")
        assert any("ids were made" in note for note in table.notes)
        return {row["created_at"]: row["run_id"] for row in read_rows(table)}

    older, newer = EXPORTED, {**EXPORTED, "Created": "2026-05-04T10:00:00.5Z"}
    newest = {**EXPORTED, "Created": "2026-05-04T11:00:00Z"}
    assert list(ids(newer, older).values()) == [
        "first 2026-05-04T10:00:00.500Z",
        "first 2026-05-04T09:00:00Z",
    ]
    assert ids(older).items() <= ids(newest, newer, older).items()


def test_runs_with_the_same_name_and_creation_time_are_numbered(tmp_path: Path) -> None:
    other = {**EXPORTED, "Name": "other"}
    path = csv_of(tmp_path / "e.csv", EXPORTED, other, EXPORTED, {**EXPORTED, "Name": ""}, EXPORTED)
    table = read_run_table(path, entity="lab", project="p")
    at = "2026-05-04T09:00:00Z"
    assert table.runs["run_id"].to_list() == [
        *(f"first {at}", f"other {at}", f"first {at} #2", f"first {at} #3")
    ]
    assert [rejected.reason for rejected in table.rejected] == ["row 4: run_id has no value"]


def test_tens_of_thousands_of_equal_names_get_different_ids(tmp_path: Path) -> None:
    frame = pl.DataFrame([EXPORTED] * 20_000)
    frame.write_csv(tmp_path / "e.csv")
    table = read_run_table(tmp_path / "e.csv", entity="lab", project="p")
    assert table.runs["run_id"].n_unique() == 20_000


@pytest.mark.parametrize(
    ("cells", "begun", "seen"),
    [
        ({"Start Time": "2026-05-04T09:05:00Z", "End Time": "2026-05-04T10:00:00Z"}, 5, 60),
        ({"Start Time": "", "Updated": "2026-05-04T10:30:00Z"}, None, 90),
        ({"End Time": "2026-05-04T10:00:00Z", "Updated": "2026-05-05T10:30:00Z"}, None, 60),
        ({"End Time": "-", "Updated": "2026-05-04T10:30:00Z"}, None, 90),
    ],
)
def test_start_and_end_are_read_from_an_export_that_has_them(
    tmp_path: Path, cells: dict[str, str], begun: int | None, seen: int
) -> None:
    row = only(csv_of(tmp_path / "e.csv", {**EXPORTED, **cells}), entity="lab", project="p")
    starts = [writer["start"] for writer in row["writers"] or ()]
    assert starts == ([] if begun is None else [NINE + timedelta(minutes=begun)])
    assert row["heartbeat_at"] == NINE + timedelta(minutes=seen)


def test_the_machine_is_read_from_an_export(tmp_path: Path) -> None:
    cells = {"Hostname": "n1", "GPU Count": "8", "GPU Type": "NVIDIA A100"}
    row = only(csv_of(tmp_path / "e.csv", {**EXPORTED, **cells}), entity="lab", project="p")
    (writer,) = row["writers"]
    assert (writer["host"], writer["gpu_count"], writer["gpu_type"]) == ("n1", 8, "NVIDIA A100")
    assert writer["start"] is None


def test_a_dash_in_an_export_is_an_empty_value(tmp_path: Path) -> None:
    cells = {"Notes": "-", "User": "-", "Tags": "-", "Sweep": "-", "Group": "-"}
    row = only(csv_of(tmp_path / "e.csv", {**EXPORTED, **cells}), entity="lab", project="p")
    assert [row[name] for name in ("notes", "username", "tags", "sweep", "group_name")] == [
        None
    ] * 5


def test_config_columns_of_an_export_are_not_mistaken_for_ours(tmp_path: Path) -> None:
    row = only(
        csv_of(tmp_path / "e.csv", {**EXPORTED, "host": "x", "tags": "y", "entity": "z"}),
        entity="lab",
        project="p",
    )
    assert (row["writers"], row["tags"], row["entity"]) == (None, None, "lab")


def test_an_export_without_entity_and_project_is_refused(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "e.csv", EXPORTED)
    assert "does not name the entity and the project" in refusal(path).message
    assert refusal(path, entity="lab").hint == "Add --project to the command."


@pytest.mark.parametrize(
    ("column", "left_out"),
    [("State", {"State"}), ("Created", {"Created"}), ("ID", {"Name"}), ("ID", {"Name", "User"})],
)
def test_the_error_for_a_missing_column_of_an_export_says_where_to_choose_it(
    tmp_path: Path, column: str, left_out: set[str]
) -> None:
    less = {name: value for name, value in EXPORTED.items() if name not in left_out}
    error = refusal(csv_of(tmp_path / "e.csv", less), entity="lab", project="p")
    assert f'does not have the column "{column}"' in error.message
    assert error.hint == f"Choose {column} under Columns in W&B, and export the table again."


# Files that are not tables


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.csv").message


def test_a_directory_is_reported(tmp_path: Path) -> None:
    assert "is a directory" in refusal(tmp_path).message


def test_each_missing_column_is_named(tmp_path: Path) -> None:
    for column in ROW:
        less = {name: value for name, value in ROW.items() if name != column}
        error = refusal(csv_of(tmp_path / "t.csv", less))
        assert error.message.endswith(f'does not have the column "{column}".')
        assert ", ".join(less) in error.hint
    error = refusal(csv_of(tmp_path / "t.csv", {"a": "1", "b": "2"}))
    wanted = '"entity", "project", "run_id", "state", "created_at"'
    assert f"does not have the columns {wanted}" in error.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"entity,project,run_id,state,created_at\n", "has no rows"),
        (b"entity,project,run_id,state,created_at\n\n\n", "has no rows"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is binary, neither a CSV file nor a Parquet file"),
        (b"PK\x03\x04 and so on", "is an Excel workbook"),
        (b'{"runs": []}', "is a JSON file"),
        (b"\x1f\x8b\x08\0", "is a compressed file"),
        (b"PAR1 and no more", "is a damaged Parquet file"),
        (b"a, a\n1,2\n", 'has two columns "a"'),
        (b"\n\n", "cannot be read as CSV"),
    ],
)
def test_each_kind_of_file_that_is_not_a_table_has_its_own_error(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    assert words in refusal(path).message


def test_a_truncated_or_damaged_parquet_file_never_crashes(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    run_frame([{**ROW, "created_at": NINE, "run_id": f"r{n}"} for n in range(500)]).write_parquet(
        path
    )
    whole = path.read_bytes()
    for at in range(4, len(whole), 211):
        path.write_bytes(whole[:at])
        assert "is a damaged Parquet file" in refusal(path).message


def test_a_column_of_a_type_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    frame = pl.DataFrame([ROW]).with_columns(
        started_at=pl.lit(value=True), tags=pl.struct(a=pl.lit(1)), display_name=pl.lit(b"\xff")
    )
    for column in ("started_at", "tags", "display_name"):
        frame.select(*ROW, column).write_parquet(tmp_path / "t.parquet")
        message = refusal(tmp_path / "t.parquet").message
        assert f'"{column}"' in message
        assert "cannot be read as" in message


def test_an_unreadable_list_of_a_parquet_file_is_shown_as_it_is(tmp_path: Path) -> None:
    frame = pl.DataFrame([ROW | {"writer_starts": ["yesterday", "noon"]}])
    frame.write_parquet(tmp_path / "t.parquet")
    (note,) = read_run_table(tmp_path / "t.parquet").notes
    assert "yesterday" in note
    assert "shape" not in note


# Real tables


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["nasa", "pozidriv"])
def test_real_tables_are_equal_from_parquet_and_csv(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    frame = pl.read_parquet(shared_data / f"{name}.runs.parquet")
    table = read_run_table(shared_data / f"{name}.runs.parquet")
    assert (table.runs.height, table.rejected, table.notes) == (frame.height, (), ())
    assert table.complete_to == frame["heartbeat_at"].max()
    frame.write_csv(tmp_path / "runs.csv")
    assert read_run_table(tmp_path / "runs.csv").runs.equals(table.runs)
