"""`import velocity`: the same frames as the command line, one kind of error, and nothing heavy."""

import inspect
import io
import json
import re
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import polars as pl
import pytest

import velocity
from scripts import notebook
from tests.builders import run, store_of
from tests.commands import ran, velocity as command
from tests.conftest import ROOT
from tests.read_schemas import READ_SCHEMAS
from velocity.reading import definitions

pytestmark = pytest.mark.sampled(6)

DOCUMENT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `(\w+)\(.*\n([\s\S]*?)(?=^##|\Z)", DOCUMENT, re.MULTILINE))
METHODS = {
    name: method
    for name, method in inspect.getmembers(velocity.Reader, inspect.isfunction)
    if not name.startswith("_") and name != "close"
}
#: Methods that are called otherwise than the read whose frame they return.
READS = {"credits": "ledger"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api") / "data"
    rows = [
        run("r1", "09:00", "10:00", gpu_count=1, gpu_type="A"),
        run("r2", "11:00", "12:00"),
        run("r3", "2026-01-06 09:00", "2026-01-06 11:00", state="failed"),
        run("g1", "2026-01-06 09:00", "2026-01-06 11:00", username="grace"),
        run("g2", "2026-01-06 12:00", None, state="running", username="grace"),
    ]
    store_of(rows, "2026-01-06 12:05", data=folder)
    return folder


@pytest.fixture
def v(data):
    with velocity.open(data) as opened:
        yield opened


def test_a_reader_opens_the_current_snapshot(data, v):
    assert v.path.name == f"{(data / 'CURRENT').read_text(encoding='ascii')}.duckdb"
    assert v.as_of.isoformat() == "2026-01-06T12:05:00+00:00"
    assert v.timezone == "UTC"


@pytest.mark.parametrize("name", sorted({*METHODS} - {"metrics", "definitions"}))
def test_a_frame_has_the_types_of_its_read(v, name):
    found = getattr(v, name)()
    assert dict(found.schema) == READ_SCHEMAS[READS.get(name, name)]


@pytest.mark.parametrize("by", ["scholar", "stream", "programme"])
@pytest.mark.parametrize("period", ["all", "week"])
def test_metrics_has_the_columns_of_the_read_first(v, by, period):
    found = v.metrics(by=by, period=period)
    keys = {by: pl.String} if period == "all" else {by: pl.String, "period_start": pl.Date}
    figures = [*READ_SCHEMAS["metrics"].items()][2:]
    more = {} if period == "week" else dict([*READ_SCHEMAS["ledger"].items()][1:])
    residual = {"littles_law_residual_hours": pl.Float64}
    assert dict(found.schema) == {**keys, **dict(figures), **residual, **more}


def test_definitions_have_every_metric_of_the_frames(v):
    found = v.definitions()
    assert found["metric"].to_list() == list(definitions.metrics())
    assert found.null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        ("metrics --period week --scholar ada", lambda v: v.metrics(period="week", scholar="ada")),
        ("metrics --by programme", lambda v: v.metrics(by="programme")),
        ("metrics --by experiment", lambda v: v.open_work()),
        ("loops --from 2026-01-06", lambda v: v.loops(from_day="2026-01-06")),
    ],
)
def test_the_command_line_writes_the_same_frames(data, v, tmp_path, arguments, read):
    done = command(*arguments.split(), "--data", data, "--format", "parquet", cwd=tmp_path)
    assert pl.read_parquet(io.BytesIO(done.stdout)).equals(read(v), null_equal=True)


def test_days_are_dates_or_texts_and_the_last_is_not_included(v):
    def ids(**window):
        return set(v.runs(**window)["run_id"])

    assert ids(from_day="2026-01-06") == ids(from_day=date(2026, 1, 6)) == {"r3", "g1", "g2"}
    assert ids(to_day="2026-01-06") == {"r1", "r2"}
    assert ids(from_day="2026-01-06", scholar="ada") == {"r3"}


def test_a_missing_store_is_one_error_with_a_hint(tmp_path):
    with pytest.raises(velocity.VelocityError, match="There is no data in") as failed:
        velocity.open(tmp_path)
    assert "velocity init" in failed.value.hint
    assert failed.value.hint in "".join(traceback.format_exception(failed.value))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda v: v.metrics(by="scholars"), r"by cannot be 'scholars'\. Did you mean scholar\?"),
        (lambda v: v.metrics(period="year"), 'period cannot be .* Use "all", "month"'),
        (lambda v: v.metrics(by=["scholar"]), r"by cannot be \['scholar'\]"),
        (lambda v: v.metrics(by="stream", scholar="ada"), "single scholar .* Leave out by"),
        (lambda v: v.weekly(by="line"), "by cannot be 'line'"),
        (lambda v: v.loops(scholar="adda"), "no scholar 'adda'. Did you mean ada"),
        (lambda v: v.runs(scholar=["ada"]), "no scholar"),
        (lambda v: v.loops(actor="robot"), "actor cannot be 'robot'"),
        (lambda v: v.runs(from_day="yesterday"), "from_day cannot be 'yesterday'. Use a date"),
        (lambda v: v.runs(to_day=datetime(2026, 1, 6)), "to_day cannot be"),  # noqa: DTZ001
        (lambda v: v.runs(to_day=6), "to_day cannot be 6"),
        (lambda v: v.runs(from_day="2026-01-06", to_day="2026-01-06"), "no day from 2026-01-06"),
        (lambda _: velocity.open(42), "is a path, not 42"),
    ],
)
def test_a_wrong_argument_is_an_error_that_says_what_to_give(v, wrong, says):
    with pytest.raises(velocity.VelocityError) as failed:
        wrong(v)
    assert re.search(says, f"{failed.value} {failed.value.hint}")


def test_a_closed_reader_says_so_and_its_frames_stay(data):
    with velocity.open(data) as opened:
        frame = opened.runs()
        path = opened.path
    assert frame["run_id"].n_unique() == 5
    opened.close()
    for read in (opened.runs, lambda: opened.as_of):
        with pytest.raises(velocity.VelocityError, match="reader is closed"):
            read()
    assert _open_files(path) == []


def _open_files(path):
    """The places in /proc where this process has the file open."""
    links = [*(path.parents[-1] / "proc/self/fd").iterdir()]
    return [it for it in links if it.exists() and it.resolve() == path]


def test_a_reader_keeps_its_snapshot_while_another_is_published(tmp_path):
    folder = tmp_path / "data"
    store_of([run("r1", "09:00", "10:00")], "20:00", data=folder)
    with velocity.open(folder) as opened:
        store_of([run("r2", "11:00", "12:00")], "20:00", data=folder)
        assert opened.runs()["run_id"].to_list() == ["r1"]
        with velocity.open(folder) as newer:
            assert set(newer.runs()["run_id"]) == {"r1", "r2"}


def test_threads_can_share_a_reader(v):
    expected = v.metrics()
    with ThreadPoolExecutor(4) as threads:
        found = [threads.submit(v.metrics) for _ in range(4)]
        assert all(it.result().equals(expected, null_equal=True) for it in found)


def test_reading_works_without_streamlit_and_wandb(data):
    code = """
import sys
sys.modules["streamlit"] = sys.modules["wandb"] = None  # importing either fails
import velocity
assert not {"polars", "duckdb", "pydantic", "velocity.errors"} & set(sys.modules)
with velocity.open(sys.argv[1]) as v:
    print(v.metrics(by="programme", period="week").height, v.loops().height)
"""
    done = ran(sys.executable, "-c", code, data, cwd=ROOT)
    assert (done.stdout.split(), done.returncode) == (["1", "5"], 0), done.stderr


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'opened'"):
        velocity.opened  # noqa: B018


def test_api_md_has_every_method_with_its_arguments():
    headings = re.findall(r"^### `(\w+)\((.*)\)`", DOCUMENT, re.MULTILINE)
    assert dict(headings) == {
        name: ", ".join([*inspect.signature(method).parameters][1:])
        for name, method in METHODS.items()
    }


@pytest.mark.parametrize("name", sorted({*METHODS} - {"metrics"}))
def test_api_md_names_every_column(v, name):
    columns = getattr(v, name)().columns
    assert [it for it in columns if f"`{it}`" not in SECTIONS[name]] == []


@pytest.mark.thorough
def test_the_notebook_runs_and_shows_what_it_says(demo_data, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "demo").symlink_to(demo_data)
    monkeypatch.chdir(tmp_path)
    book = json.loads(notebook.NOTEBOOK.read_text(encoding="utf-8"))
    stored = [notebook.text_of(cell) for cell in notebook.code_cells(book)]
    found = list(notebook.results(book))
    assert [_headings(it) for it in found] == [_headings(it) for it in stored]
    assert all(found)


def _headings(text):
    """Names and types of the columns of a printed frame, or the text without its numbers."""
    if text is None or "┌" not in text:
        return text and re.sub(r"\d+ \w+ \d+|\d+", "#", text)
    return [re.split(r"\s*┆\s*", line.strip("│ ")) for line in text.splitlines()[2:5]]


def test_hours_are_floats_and_instants_have_a_zone(v):
    for name in METHODS:
        for column, kind in getattr(v, name)().schema.items():
            if column.endswith("_at"):
                assert kind == pl.Datetime("us", "UTC"), column
            if re.search("_hours$|_share$", column):
                assert kind == pl.Float64, column
