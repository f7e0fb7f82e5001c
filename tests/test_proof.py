"""The comparison with an earlier commit reports differences that its rules do not allow."""

import io
import json
import zipfile

import polars as pl
import pytest

from scripts.proof.changes import Changes
from scripts.proof.compare import compare_zips
from scripts.proof.texts import compare_texts

RUNS = pl.DataFrame({"run": ["a", "b", "c"], "hours": [1.0, 2.0, 0.0], "signal": [1, 2, None]})


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


@pytest.fixture
def told(tmp_path):
    """Compare two sets of outputs under rules; allowed differences are in brackets."""

    def compare(base: dict[str, bytes], now: dict[str, bytes], **rules) -> list[str]:
        for name, outputs in (("base", base), ("now", now)):
            with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as file:
                for output, content in outputs.items():
                    file.writestr(output, content)
        _, found = compare_zips(
            "case", tmp_path / "base.zip", tmp_path / "now.zip", Changes(**rules)
        )
        return [f"({it.allowed_by})" if it.allowed_by else str(it) for it in found]

    return compare


def changed(told, frame: pl.DataFrame, name: str = "tables/run.parquet", **rules) -> list[str]:
    return told({"tables/run.parquet": parquet(RUNS)}, {name: parquet(frame)}, **rules)


def test_the_order_of_rows_of_a_command_counts_and_so_do_swapped_cells(told):
    swapped = RUNS.with_columns(hours=pl.Series([2.0, 1.0, 0.0]))
    assert "combine" in changed(told, swapped)[0]
    outputs = {"runs.parquet": parquet(RUNS)}, {"runs.parquet": parquet(RUNS.reverse())}
    assert told(*outputs)[0].startswith("case/runs.parquet: run: 2 of 3 differ")


@pytest.mark.parametrize(
    ("now", "differences"),
    {
        "the order of rows": (RUNS.reverse(), []),
        "one bit of one cell": (
            RUNS.with_columns(hours=pl.Series([1.0, 2.0, -0.0])),
            ["hours: 1 of 3 differ, such as 0.0 -> -0.0"],
        ),
        "another type": (RUNS.cast({"signal": pl.Int32}), ["signal: Int64 became Int32"]),
    }.values(),
)
def test_tables_are_compared_bit_by_bit_but_not_in_their_order(told, now, differences):
    assert changed(told, now) == [f"case/tables/run.parquet: {it}" for it in differences]


def test_renamed_columns_tables_and_values_are_compared_by_the_rules(told):
    now = RUNS.rename({"signal": "result"}).with_columns(url=pl.lit("x"))
    added = {"outputs": ["*/tables/one_run.parquet"], "added": ["url"]}
    rules = {"everywhere": {"renamed": {"signal": "result"}}, "tables": {"run": "one_run"}}
    rules["output"] = [added]
    assert changed(told, now, "tables/one_run.parquet", **rules) == []
    values = {"run": {"a": "z"}}
    other = RUNS.with_columns(run=pl.col("run").replace("a", "z"))
    assert changed(told, other, output=[{"outputs": ["*"], "values": values}]) == []
    assert len(changed(told, now)) == 3  # result and url are new, signal is gone


def test_a_moved_column_is_compared_at_its_new_place(told):
    moved = {"signal": {"table": "loop", "keys": ["run"]}}
    rules = {"output": [{"outputs": ["*/tables/run.parquet"], "moved": moved}]}
    for signals, differences in (([1, 2, None], 0), ([1, 3, None], 1)):
        loop = RUNS.select("run", signal=pl.Series(signals))
        base = {"tables/run.parquet": parquet(RUNS), "tables/loop.parquet": parquet(loop)}
        now = base | {"tables/run.parquet": parquet(RUNS.drop("signal"))}
        assert len(told(base, now, **rules)) == differences


def test_numbers_that_link_rows_are_compared_by_their_meaning(told):
    rules = {
        "key": [
            {"columns": ["project_key"], "table": "project", "names": ["project"]},
            {"columns": ["run_key", "first"], "table": "run", "names": ["project_key", "run_id"]},
        ]
    }

    def outputs(projects: list[int], runs: list[int], first: list[int]) -> dict[str, bytes]:
        project = pl.DataFrame({"project_key": projects, "project": ["p", "q"]})
        ids = {"run_key": runs, "run_id": ["a", "a"], "project_key": projects}
        return {
            "tables/project.parquet": parquet(project),
            "tables/run.parquet": parquet(pl.DataFrame(ids)),
            "tables/link.parquet": parquet(pl.DataFrame({"first": first})),
        }

    base = outputs([1, 2], [1, 2], [1, 1])
    assert told(base, outputs([2, 1], [5, 6], [5, 5]), **rules) == []
    assert told(base, outputs([2, 1], [5, 6], [6, 6]), **rules) != []
    # The same numbers with another meaning.
    assert told(base, outputs([1, 2], [2, 1], [1, 1]), **rules) != []


def test_an_allowed_difference_hides_no_other(told):
    defect = {"name": "d", "reason": "r", "outputs": ["*/run.parquet"], "columns": ["hours"]}
    now = RUNS.with_columns(hours=pl.Series([9.0, 8.0, 7.0]))
    assert changed(told, now, allowed=[defect]) == ["(d)"]
    also = changed(told, now.with_columns(signal=pl.lit(5)), allowed=[defect])
    assert [it for it in also if it != "(d)"] != []


def test_json_is_compared_by_key_and_its_sentences_by_number(told):
    def output(signal: int, text: str) -> dict[str, bytes]:
        return {"e.json": json.dumps({"rows": [{"signal": signal, "text": text}]}).encode()}

    rules = {"prose": ["text"]}
    assert told(output(1, "a 2 b"), output(1, "2 words"), **rules) == []
    assert told(output(1, "a 2 b"), output(1, "a 3 b"), **rules) != []
    assert told(output(1, ""), output(2, ""), **rules) == [
        "case/e.json: signal: .rows[0].signal: 1 -> 2"
    ]


def test_a_missing_or_new_output_is_a_difference(told):
    expected = ["case/a.txt: the output is gone", "case/b.txt: the output is new"]
    assert told({"a.txt": b""}, {"b.txt": b""}) == expected


def test_a_renamed_command_is_compared_by_the_rules():
    rule = {"base": "explain --metric signal", "now": "explain --metric shift"}
    renamed = Changes(command=[rule]).command
    words = "explain --metric {} --scholar ada"
    assert renamed(words.format("signal").split()) == words.format("shift").split()
    assert renamed(["runs"]) == ["runs"]


@pytest.mark.parametrize(
    ("base", "now", "same"),
    [
        ("3 runs of p50, 2026-01-05", "On 2026-01-05 came 3 of p50", False),
        ("3 runs, 1,204 hours", "runs: 3; hours: 1,204", True),
        ("from \u22121.5 to 2", "between -1.5 and 2", True),
        ("from 1.5 to 2", "from \u22121.5 to 2", False),
        ("1 2", "1 2 3", False),
    ],
)
def test_texts_are_equal_as_ordered_lists_of_numbers(base, now, same):
    assert (compare_texts(base, now, "numbers") is None) is same
    assert compare_texts(base, now, "skip") is None
