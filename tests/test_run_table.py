"""Run tables: our own columns as CSV or Parquet, and W&B's export of a runs table."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velocity.errors import SourceError
from velocity.records import RUN_SCHEMA, run_frame
from velocity.sources.run_table import RunTable, read_run_table

if TYPE_CHECKING:
    from pathlib import Path

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


def read_rows(table: RunTable) -> list[dict[str, Any]]:
    assert dict(table.batch.runs.schema) == RUN_SCHEMA
    return table.batch.runs.to_dicts()


def only(path: Path, **given: str) -> dict[str, Any]:
    table = read_run_table(path, **given)
    assert table.batch.rejected == ()
    (row,) = read_rows(table)
    return row


def refusal(path: Path, **given: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read_run_table(path, **given)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


# Values


def test_a_row_of_the_needed_columns_is_a_run(tmp_path: Path) -> None:
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


def test_nothing_written_is_not_known(tmp_path: Path) -> None:
    empty = {name: "" for name in RUN_SCHEMA if name not in ROW}
    row = only(csv_of(tmp_path / "t.csv", {**ROW, **empty, "runtime_s": "NaN", "gpu_count": "nan"}))
    assert {name for name, value in row.items() if value is None} == set(empty) - {
        "source",
        "trust",
    }


def test_parquet_as_pandas_writes_it_is_read(tmp_path: Path) -> None:
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
    (writer,), (other,) = first["writers"], second["writers"]
    assert first["created_at"] == writer["start"] == NINE
    assert first["heartbeat_at"] == datetime(2026, 5, 5, tzinfo=UTC)
    assert (writer["gpu_count"], other["gpu_count"], first["runtime_s"]) == (8, None, 1.0)
    assert (first["tags"], other["start"]) == (["a"], NINE)


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
_TIME = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_RUN = st.fixed_dictionaries(
    dict.fromkeys(("entity", "project", "state"), _TEXT) | {"created_at": _TIME},
    optional={
        "username": _TEXT,
        "notes": _TEXT,
        "heartbeat_at": _TIME,
        "tags": st.lists(_TEXT, max_size=3),
        "runtime_s": st.floats(0, 1e9),
    },
)


@settings(max_examples=40)
@given(st.lists(_RUN, min_size=1, max_size=5))
def test_csv_and_parquet_give_back_the_runs_written(
    tmp_path_factory: pytest.TempPathFactory, runs: list[dict[str, Any]]
) -> None:
    written = run_frame(
        [
            {**run, "run_id": f"r{number}", "source": "table", "trust": 2}
            for number, run in enumerate(runs)
        ]
    )
    folder = tmp_path_factory.mktemp("round")
    written.write_parquet(folder / "runs.parquet")
    tags = pl.Series(
        "tags",
        [None if value is None else json.dumps(list(value)) for value in written["tags"]],
        dtype=pl.String,
    )
    written.drop("writers", "unreadable").with_columns(tags).write_csv(folder / "runs.csv")
    for name in ("runs.parquet", "runs.csv"):
        table = read_run_table(folder / name)
        assert table.batch.rejected == ()
        assert table.batch.runs.equals(written)


# What is set aside, passed over, or told


def test_a_value_that_cannot_be_read_sets_its_row_aside_alone(tmp_path: Path) -> None:
    cells = {
        "created_at": "yesterday",
        "started_at": "2026-02-30T09:00:00Z",
        "writer_starts": "2026-05-04; soon",
        "runtime_s": "2h",
        "gpu_count": "1.5",
        "gpu_utilisation": "inf",
        "tags": '["a',
    }
    for column, value in cells.items():
        good = {**ROW, column: ROW.get(column, ""), "run_id": "good"}
        table = read_run_table(csv_of(tmp_path / "t.csv", good, {**ROW, column: value}))
        assert table.batch.runs["run_id"].to_list() == ["good"]
        (rejected,) = table.batch.rejected
        assert (rejected.entity, rejected.project, rejected.run_id) == ("lab", "p", "r1")
        assert rejected.reason.startswith(f'row 2: {column} "{value}" is not ')


def test_a_config_that_cannot_be_read_is_not_repeated(tmp_path: Path) -> None:
    table = read_run_table(csv_of(tmp_path / "t.csv", {**ROW, "config": '{"token": "hidden"'}))
    assert [rejected.reason for rejected in table.batch.rejected] == [
        "row 1: config is not a JSON object"
    ]


def test_all_that_is_wrong_in_a_row_is_told_at_once(tmp_path: Path) -> None:
    table = read_run_table(csv_of(tmp_path / "t.csv", {**ROW, "state": "", "runtime_s": "long"}))
    assert [rejected.reason for rejected in table.batch.rejected] == [
        'row 1: runtime_s "long" is not a number; state has no value'
    ]
    assert table.largest_at is None


def test_unknown_columns_are_passed_over_by_name(tmp_path: Path) -> None:
    table = read_run_table(csv_of(tmp_path / "t.csv", {**ROW, "mood": "good", "row": "1"}))
    assert table.notes == (f"{tmp_path / 't.csv'} has columns that were passed over: mood, row.",)


def test_of_rows_about_one_run_the_last_counts(tmp_path: Path) -> None:
    table = read_run_table(csv_of(tmp_path / "t.csv", {**ROW, "state": "running"}, ROW))
    assert [row["state"] for row in read_rows(table)] == ["finished"]
    assert "tells of 1 of its runs again" in table.notes[0]


def test_the_largest_time_is_found_in_every_column_of_times(tmp_path: Path) -> None:
    later = "2026-05-06T00:00:00Z"
    times = [name for name, kind in RUN_SCHEMA.items() if kind == RUN_SCHEMA["created_at"]]
    for column in (*times, "writer_starts"):
        row = {**ROW, "started_at": ROW["created_at"], column: later, "runtime_s": "9e9"}
        table = read_run_table(csv_of(tmp_path / "t.csv", row))
        assert table.largest_at == datetime(2026, 5, 6, tzinfo=UTC)


def test_a_given_entity_and_project_fill_in_but_never_replace(tmp_path: Path) -> None:
    bare = {name: value for name, value in ROW.items() if name != "project"}
    path = csv_of(tmp_path / "t.csv", bare)
    row = only(path, entity="mine", project="q")
    assert (row["entity"], row["project"]) == ("lab", "q")


def test_an_empty_line_and_a_byte_order_mark_are_no_matter(tmp_path: Path) -> None:
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
    assert table.largest_at == NINE + timedelta(hours=1)


@pytest.mark.parametrize("runtime", ["400000000", "1e12", "1e300"])
def test_an_absurd_runtime_in_an_export_is_no_end_of_the_data(tmp_path: Path, runtime: str) -> None:
    absurd = {**EXPORTED, "Name": "second", "Created": "2026-05-04T10:30:00Z", "Runtime": runtime}
    table = read_run_table(csv_of(tmp_path / "e.csv", EXPORTED, absurd), entity="lab", project="p")
    assert table.largest_at == NINE + timedelta(hours=1, minutes=30)
    assert table.batch.runs.height == 2


def test_an_export_without_ids_takes_the_names_made_unique(tmp_path: Path) -> None:
    def ids(*rows: dict[str, str]) -> dict[datetime, str]:
        table = read_run_table(csv_of(tmp_path / "e.csv", *rows), entity="lab", project="p")
        assert any("names of the runs were made their ids" in note for note in table.notes)
        return {row["created_at"]: row["run_id"] for row in read_rows(table)}

    older, newer = EXPORTED, {**EXPORTED, "Created": "2026-05-04T10:00:00Z"}
    newest = {**EXPORTED, "Created": "2026-05-04T11:00:00Z"}
    assert list(ids(newer, older).values()) == ["first#2", "first"]
    assert ids(older, newer).items() <= ids(newest, newer, older).items()


def test_config_columns_of_an_export_are_not_taken_for_ours(tmp_path: Path) -> None:
    row = only(
        csv_of(tmp_path / "e.csv", {**EXPORTED, "host": "x", "tags": "y", "entity": "z"}),
        entity="lab",
        project="p",
    )
    assert (row["writers"], row["tags"], row["entity"]) == (None, None, "lab")


def test_an_export_whose_owner_is_not_told_is_refused(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "e.csv", EXPORTED)
    assert "of which entity and project" in refusal(path).message
    assert refusal(path, entity="lab").hint == "Give --project."


def test_an_export_lacking_a_column_is_told_in_the_words_of_the_export(tmp_path: Path) -> None:
    less = {name: value for name, value in EXPORTED.items() if name != "Created"}
    error = refusal(csv_of(tmp_path / "e.csv", less), entity="lab", project="p")
    assert 'lacks the column "Created"' in error.message


# What is no table, each told apart


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.csv").message


def test_a_directory_is_told(tmp_path: Path) -> None:
    assert "is a directory" in refusal(tmp_path).message


def test_each_missing_column_is_named_beside_what_there_is(tmp_path: Path) -> None:
    for column in ROW:
        less = {name: value for name, value in ROW.items() if name != column}
        error = refusal(csv_of(tmp_path / "t.csv", less))
        assert error.message.endswith(f'lacks the column "{column}".')
        assert ", ".join(less) in error.hint
    error = refusal(csv_of(tmp_path / "t.csv", {"a": "1", "b": "2"}))
    assert 'lacks the columns "entity", "project", "run_id", "state", "created_at"' in error.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"entity,project,run_id,state,created_at\n", "has no rows"),
        (b"entity,project,run_id,state,created_at\n\n\n", "has no rows"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is neither a CSV file nor a Parquet file"),
        ("a,b\n1,2\n".encode("utf-16"), "is neither a CSV file nor a Parquet file"),
        (b"a,b\n1,2\n1,2,3\n", "row 2 has 3 values under 2 headings"),
        ("entity,b\né,2\n".encode("latin-1"), "cannot be read as CSV: invalid utf-8"),
        (b"PAR1 and no more", "is a damaged Parquet file"),
        (b"a, a\n1,2\n", "cannot be read as CSV"),
        (b"\n\n", "cannot be read as CSV"),
    ],
)
def test_each_thing_that_is_no_table_is_told_apart(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    assert words in refusal(path).message


def test_a_cut_or_damaged_parquet_file_is_refused_or_read_but_never_crashes(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    run_frame([{**ROW, "created_at": NINE, "run_id": f"r{n}"} for n in range(500)]).write_parquet(
        path
    )
    whole = path.read_bytes()
    for at in range(4, len(whole), 211):
        path.write_bytes(whole[:at])
        assert "is a damaged Parquet file" in refusal(path).message


def test_a_column_of_a_type_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    frame = pl.DataFrame([ROW]).with_columns(started_at=pl.lit(5), tags=pl.struct(a=pl.lit(1)))
    for column in ("started_at", "tags"):
        frame.select(*ROW, column).write_parquet(tmp_path / "t.parquet")
        message = refusal(tmp_path / "t.parquet").message
        assert f'"{column}"' in message
        assert "cannot be read as" in message


# Real tables


@pytest.mark.parametrize("name", ["nasa", "pozidriv"])
def test_real_tables_are_read_alike_from_parquet_and_csv(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    frame = pl.read_parquet(shared_data / f"{name}.runs.parquet")
    table = read_run_table(shared_data / f"{name}.runs.parquet")
    assert (table.batch.runs.height, table.batch.rejected, table.notes) == (frame.height, (), ())
    assert table.largest_at == frame["heartbeat_at"].max()
    frame.write_csv(tmp_path / "runs.csv")
    assert read_run_table(tmp_path / "runs.csv").batch.runs.equals(table.batch.runs)
