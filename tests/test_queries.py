"""Headers of queries/ describe the query, its parameters and its columns correctly."""

import inspect
import re

import polars as pl
import pytest

from tests.builders import DAY, at, one_run, run, store_of
from tests.read_schemas import READ_SCHEMAS
from tests.stores import copied
from velocity.errors import StoreError
from velocity.queries import Query, list_queries
from velocity.queries.metric import operands
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope
from velocity.reading.definitions import metrics, terms
from velocity.store import Snapshot

QUERIES = list(list_queries())
READS = {
    name: read
    for name, read in inspect.getmembers(reads, callable)
    if isinstance(read, reads.Read)
    or (inspect.isfunction(read) and read.__module__ == reads.__name__ and name[0] != "_")
}
_DAY = {"scholar": "ada", "from_at": at("00:00"), "to_at": at("00:00", days=1)}
ARGUMENTS = {
    **{it: {"by": "scholar"} for it in ("weekly", "lasting_changes", "notes", "aims")},
    **{it: {"by": "stream"} for it in ("ledger", "balance")},
    **dict.fromkeys(("concurrency", "timeline_experiments", "timeline_runs"), _DAY),
    "metrics": {"by": "scholar", "period": "week"},
    "overview": {"kinds": ["programme", "stream", "scholar"]},
    "restated": {"by": "programme"},
    "bands": {"scholar": "ada"},
    "chains": {"by": "scholar", "group_id": "ada"},
    "stuck": {"min_hours": 24},
    "at_work": {"at": at("10:00", days=1)},
    "to_date": {"by": "programme", "starts": [DAY], "lengths": [1, 7]},
}


@pytest.fixture(scope="module")
def empty():
    return store_of([], "20:00")


@pytest.fixture(scope="module")
def small():
    return store_of([run("r1", "09:00", "10:00"), run("r2", "11:00", state="running")], "11:30")


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_query_describes_its_result_and_exactly_the_parameters_it_uses(query: Query):
    assert query.title
    assert query.text
    assert query.body
    code = re.sub(r"--[^\n]*|'(?:[^']|'')*'", "", query.body)
    used = re.findall(r"(?<![\w$])\$([a-z_][a-z0-9_]*)", code)
    assert {param.name for param in query.params} == {*used}


def test_every_metric_is_defined_once_and_a_column_of_a_read():
    ids = [metric.id for query in QUERIES for metric in query.metrics]
    assert sorted(ids) == sorted(set(ids))
    assert set(ids) <= {column for schema in READ_SCHEMAS.values() for column in schema}
    assert all(query.name.startswith("metrics/") for query in QUERIES if query.metrics)


def test_metrics_made_of_awake_hours_are_private():
    def awake(metric):
        below = [terms()[it] for it in operands(metric.formula, terms())]
        return "reaction_awake" in f"{metric.adds} {metric.median}" or any(map(awake, below))

    found = {metric.id for metric in metrics().values() if awake(metric)}
    assert found == {"reaction_off_share", "reaction_awake_hours_median"}
    assert all(metrics()[it].private for it in found)


def test_every_read_has_a_schema():
    assert READS.keys() == READ_SCHEMAS.keys()


@pytest.mark.parametrize("name", READS)
def test_a_read_accepts_only_keywords(name: str):
    first, *others = inspect.signature(READS[name]).parameters.values()
    assert first.name == "snapshot"
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in others)


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("store", ["empty", "small"])
def test_a_read_has_its_schema_for_every_store(name: str, store: str, request):
    snapshot = request.getfixturevalue(store)
    frame = READS[name](snapshot, **ARGUMENTS.get(name, {}))
    assert frame.schema == pl.Schema(READ_SCHEMAS[name])


SCOPED = [it for it in READS if "scope" in inspect.signature(READS[it]).parameters]


@pytest.mark.parametrize("name", [it for it in SCOPED if it != "trust"])
def test_a_viewer_without_rights_gets_no_rows(name: str, small):
    arguments = ARGUMENTS.get(name, {})
    assert READS[name](small, **arguments, scope=EVERYTHING).schema
    assert READS[name](small, **arguments, scope=Scope()).is_empty()


def test_a_viewer_without_rights_learns_only_the_end_of_the_data(small):
    row = reads.trust(small, scope=Scope()).row(0, named=True)
    known = {name for name, value in row.items() if value}
    assert known == {"as_of", "timezone", "stale_after_minutes", "first_day"}


def test_only_reads_without_people_are_the_same_for_every_viewer():
    assert READS.keys() - SCOPED == {"edge"}


def test_a_snapshot_of_another_version_is_an_error_that_says_so(tmp_path, monkeypatch):
    copied(one_run, tmp_path)
    monkeypatch.setattr("velocity.store.snapshot.queries_fingerprint", lambda: "another")
    with pytest.raises(StoreError, match="another version"):
        Snapshot(next((tmp_path / "snapshots").glob("*.duckdb")))
