"""Run nodes as W&B sends them, read into columns."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import faults
from tests.worlds import NOON, node
from velocity.demo.wandb_server.world import Writer
from velocity.records import RUN_SCHEMA, Rejected
from velocity.sources.wandb_nodes import LISTING_SCHEMA, listing_frame, run_batch


def sent(run=None, **changes):
    """The node of a run as the client hands it over."""
    return (run or node())._values() | changes


def read(*nodes):
    batch = run_batch("lab", "vision", nodes)
    assert batch.runs.schema == pl.Schema(RUN_SCHEMA)
    return batch


def row(**changes):
    batch = read(sent(**changes))
    assert batch.rejected == ()
    return batch.runs.row(0, named=True)


def stored(config=None, environment=None):
    """Config text as the SDK writes it."""
    wrapped = {name: {"desc": None, "value": value} for name, value in (config or {}).items()}
    return json.dumps(wrapped | {"_wandb": {"value": {"e": environment}}})


def reason(**changes):
    batch = read(sent(node(1)), sent(**changes), sent(node(2)))
    assert batch.runs["run_id"].to_list() == ["r0001", "r0002"]
    (rejected,) = batch.rejected
    assert (rejected.entity, rejected.project) == ("lab", "vision")
    return rejected.reason


def test_every_column_is_read():
    run = node(
        3, group="g", job_type="train", sweep="s1", tags=["b", "a"], notes="why", runtime_s=61
    )
    assert read(sent(run)).runs.row(0, named=True) == {
        "entity": "lab",
        "project": "vision",
        "run_id": "r0003",
        "username": "ada",
        "display_name": "run 3",
        "state": "finished",
        "created_at": NOON + timedelta(minutes=3),
        "started_at": NOON + timedelta(minutes=3, seconds=30),
        "writer_starts": [NOON + timedelta(minutes=3, seconds=30)],
        "heartbeat_at": NOON + timedelta(minutes=63),
        "runtime_s": 61.0,
        "last_metric_at": NOON + timedelta(minutes=62),
        "first_metric_at": None,
        "group_name": "g",
        "job_type": "train",
        "sweep": "s1",
        "tags": ["b", "a"],
        "config_hash": None,
        "config": '{"lr":0.1,"seed":3}',
        "host": "node1",
        "gpu_type": "NVIDIA H100",
        "gpu_count": 8,
        "gpu_utilisation": None,
        "notes": "why",
        "source": "api",
        "trust": 3,
        "url": None,
    }


def test_what_w_and_b_does_not_know_is_null():
    bare = row(config="{}", summaryMetrics="{}", user=None, heartbeatAt=None, tags=None)
    unknown = ["username", "heartbeat_at", "started_at", "writer_starts", "runtime_s", "tags"]
    assert [bare[name] for name in unknown] == [None] * len(unknown)
    assert bare["config"] == "{}"


def test_an_empty_name_of_a_group_or_sweep_is_none():
    """A sweep of all runs without one would be one experiment."""
    nameless = row(group="", sweepName="")
    assert (nameless["group_name"], nameless["sweep"]) == (None, None)


def test_a_config_that_is_not_known_has_no_hash():
    unknown = row(config=None, summaryMetrics=None)
    assert (unknown["config"], unknown["config_hash"]) == (None, None)


def test_an_empty_page_is_an_empty_frame():
    assert read().runs.is_empty()
    assert listing_frame([]).schema == pl.Schema(LISTING_SCHEMA)


def test_every_writers_start_is_kept_in_order_and_the_last_machine():
    writers = [
        Writer("w1", NOON + timedelta(hours=5), "node2", "NVIDIA A100", 4),
        Writer("w0", NOON, "node1", "NVIDIA H100", 8),
    ]
    resumed = read(sent(node(writers=writers))).runs.row(0, named=True)
    assert resumed["writer_starts"] == [NOON, NOON + timedelta(hours=5)]
    assert resumed["started_at"] == NOON
    assert (resumed["host"], resumed["gpu_type"], resumed["gpu_count"]) == (
        "node2",
        "NVIDIA A100",
        4,
    )


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-01-05T12:00:00Z", NOON),
        ("2026-01-05T12:00:00", NOON),
        ("2026-01-05T14:00:00+02:00", NOON),
        ("2026-01-05T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
    ],
)
def test_times_are_utc_however_they_are_written(written, instant):
    assert row(createdAt=written)["created_at"] == instant
    environment = {"w": {"startedAt": written}}
    assert row(config=stored(environment=environment))["started_at"] == instant


@pytest.mark.parametrize(
    "environment",
    [
        None,
        [],
        {"w": None},
        {"w": {}},
        {"w": {"startedAt": "soon"}},
        {"w": {"startedAt": None, "gpu_count": 8}},
    ],
)
def test_an_environment_that_tells_no_start_is_no_writer(environment):
    unknown = row(config=stored({"lr": 1}, environment))
    assert (unknown["started_at"], unknown["writer_starts"], unknown["host"]) == (None, None, None)
    assert unknown["config"] == '{"lr":1}'


def test_a_gpu_count_that_is_no_count_is_not_known():
    for count in ("8", -1, 2**70, None, 1.5):
        environment = {"w": {"startedAt": "2026-01-05T12:00:00Z", "gpu_count": count}}
        assert row(config=stored(environment=environment))["gpu_count"] is None


@pytest.mark.parametrize(
    ("summary", "seconds"),
    [
        ({"_wandb": {"runtime": 12}, "_runtime": 99.5}, 12.0),
        ({"_runtime": 99.5}, 99.5),
        ({"_wandb": {}, "_runtime": 99.5}, 99.5),
        ({"_wandb": None, "_runtime": "soon"}, None),
        ({"_wandb": {"runtime": float("nan")}}, None),
        ({"_wandb": {"runtime": 0}, "_runtime": 5}, 0.0),
    ],
)
def test_the_runtime_is_the_active_one_before_the_logged_one(summary, seconds):
    assert row(summaryMetrics=json.dumps(summary))["runtime_s"] == seconds


@pytest.mark.parametrize(
    ("timestamp", "instant"),
    [
        (NOON.timestamp() + 0.25, NOON + timedelta(seconds=0.25)),
        (1e300, None),
        ("later", None),
        (True, None),
    ],
)
def test_the_last_row_is_the_summarys_timestamp(timestamp, instant):
    summary = json.dumps({"_timestamp": timestamp})
    assert row(summaryMetrics=summary)["last_metric_at"] == instant


def test_config_values_are_unwrapped_and_what_is_not_wrapped_stays():
    config = '{"a": {"value": 1}, "b": 2, "c": {"desc": "x"}, "wandb_version": 1, "_wandb": 3}'
    assert row(config=config)["config"] == '{"a":1,"b":2,"c":{"desc":"x"}}'


def test_a_config_is_read_whole_but_for_what_the_client_says_of_itself():
    config = {"lr": 1, "hf_token": "t", "aws": {"secret": "s", "region": "eu"}, "seed": 4}
    told = row(config=stored(config))["config"]
    assert told == '{"aws":{"region":"eu","secret":"s"},"hf_token":"t","lr":1,"seed":4}'


def test_nan_and_infinity_in_a_config_become_text():
    config = '{"a": {"value": NaN}, "b": {"value": -Infinity}, "c": {"value": 1e999}}'
    assert row(config=config)["config"] == '{"a":"NaN","b":"-Infinity","c":"1e999"}'


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"config": faults.cut_config(node()).config}, "its config is not valid JSON"),
        ({"config": faults.encode_config_twice(node()).config}, "its config is JSON text inside"),
        ({"config": "[1]"}, "its config is not a JSON object"),
        ({"config": ""}, "its config is not valid JSON"),
        ({"config": '{"a": {"value": "\\ud800"}}'}, "its config holds half a character"),
        ({"config": '{"_wandb": {"value": {"e": "\\ud800"}}}'}, "its config holds half a charac"),
        ({"config": '{"a": ' + "[" * 5000 + "]" * 5000 + "}"}, "its config is not valid JSON"),
        ({"summaryMetrics": '{"loss": '}, "its summary is not valid JSON"),
        ({"state": None}, "it has no state"),
        ({"name": None}, "it has no name"),
        ({"createdAt": None}, "it has no createdAt"),
        ({"createdAt": "yesterday"}, "its createdAt is not a time: 'yesterday'"),
        ({"heartbeatAt": "now"}, "its heartbeatAt is not a time"),
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside_with_its_reason(changes, words):
    assert words in reason(**changes)


def test_a_rejected_row_names_its_run():
    (rejected,) = read(sent(config="{")).rejected
    assert rejected == Rejected("lab", "vision", "r0000", rejected.reason)


def test_of_two_nodes_with_one_id_the_last_counts():
    page = [sent(state="running"), sent(node(1)), sent(state="crashed")]
    assert read(*page).runs["state"].to_list() == ["crashed", "finished"]
    assert listing_frame(page)["state"].to_list() == ["crashed", "finished"]


def test_a_listing_holds_every_id_even_where_nothing_else_is_known():
    listed = listing_frame([{"name": "r1", "createdAt": "yesterday"}, sent()])
    assert listed["run_id"].to_list() == ["r1", "r0000"]
    assert listed["created_at"].to_list() == [None, NOON]
    assert listed["username"].to_list() == [None, "ada"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(config=JSON, summary=JSON, environment=JSON)
def test_no_config_or_summary_stops_a_page(config, summary, environment):
    hostile = sent(
        config=json.dumps({"c": {"value": config}, "_wandb": {"value": {"e": environment}}}),
        summaryMetrics=json.dumps({"_wandb": summary, "_runtime": summary, "_timestamp": summary}),
    )
    batch = read(sent(node(1)), hostile, sent(config=json.dumps(config)))
    assert batch.runs["run_id"].to_list()[0] == "r0001"
    assert len(batch.runs) + len(batch.rejected) == 2


@given(
    moment=st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1))  # noqa: DTZ001
)
def test_times_survive_to_the_microsecond(moment):
    created = moment.replace(tzinfo=UTC)
    assert row(createdAt=moment.isoformat())["created_at"] == created
