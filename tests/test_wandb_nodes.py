"""Reading W&B's run nodes into columns."""

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests import faults
from tests.worlds import NOON, node
from velocity.demo.wandb_server.world import Writer
from velocity.records import RUN_SCHEMA, Rejected
from velocity.sources.wandb_nodes import LISTING_SCHEMA, listing_frame, run_batch


def sent(run=None, **changes):
    """The node of a run as the client returns it."""
    return (run or node()).values() | changes


def read(*nodes):
    batch = run_batch("lab", "vision", nodes, app_url="https://wandb.ai/")
    assert batch.runs.schema == pl.Schema(RUN_SCHEMA)
    return batch


def row(**changes):
    batch = read(sent(**changes))
    assert batch.rejected == ()
    return batch.runs.row(0, named=True)


def stored(config=None, environment=None, **internal):
    """Config text in the SDK's format."""
    wrapped = {name: {"desc": None, "value": value} for name, value in (config or {}).items()}
    return json.dumps(wrapped | {"_wandb": {"value": {"e": environment} | internal}})


def writer(start, host=None, gpu_type=None, gpu_count=None):
    """A writer in the format of a row."""
    machine = {"host": host, "gpu_type": gpu_type, "gpu_count": gpu_count}
    own = dict.fromkeys(("runtime_s", "heartbeat_at", "last_metric_at", "job_id"))
    return {"start": start} | machine | own


def test_every_column_is_read():
    labels = {"group": "g", "job_type": "train", "sweep": "s1", "tags": ["b", "a"], "notes": "why"}
    found = read(sent(node(3, **labels, runtime_s=61))).runs.row(0, named=True)
    assert found == dict.fromkeys(RUN_SCHEMA) | {
        "entity": "lab",
        "project": "vision",
        "run_id": "r0003",
        "username": "ada",
        "display_name": "run 3",
        "state": "finished",
        "created_at": NOON + timedelta(minutes=3),
        "writers": [writer(NOON + timedelta(minutes=3, seconds=30), "node1", "NVIDIA H100", 8)],
        "heartbeat_at": NOON + timedelta(minutes=63),
        "runtime_s": 61.0,
        "last_metric_at": NOON + timedelta(minutes=62),
        "group_name": "g",
        "job_type": "train",
        "sweep": "s1",
        "tags": ["b", "a"],
        "config": '{"lr":0.1,"seed":3}',
        "notes": "why",
        "history_rows": 100,
        "wrote": True,
        "source": "api",
        "trust": 3,
        "url": "https://wandb.ai/lab/vision/runs/r0003",
    }


def test_values_unknown_to_w_and_b_are_null():
    bare = row(config="{}", summaryMetrics="{}", user=None, heartbeatAt=None, tags=None)
    assert bare["config"] == "{}"
    unknown = ("username", "heartbeat_at", "writers", "stamp", "runtime_s", "tags", "config_hash")
    assert [name for name in (*unknown, "unreadable") if bare[name] is not None] == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # Otherwise all runs without a sweep would be one experiment.
        ({"group": "", "sweepName": ""}, {"group_name": None, "sweep": None}),
        (
            {"config": None, "summaryMetrics": None},
            {"wrote": False}
            | dict.fromkeys(("config", "config_hash", "writers", "runtime_s", "last_metric_at")),
        ),
        ({"state": None}, {"state": ""}),
        ({"tags": ["a", 7, "b"]}, {"tags": ["a", "b"], "unreadable": ["tags"]}),
        *(
            (
                {"historyLineCount": it},
                {"history_rows": None, "unreadable": ["historyLineCount"]},
            )
            for it in (-(2**70), -1, 2**63, True, 2.5, 1e300, "7")
        ),
    ],
)
def test_a_missing_or_impossible_value_costs_only_itself(changes, expected):
    assert row(**changes) == row() | expected


def test_an_empty_page_is_an_empty_frame():
    assert read().runs.is_empty()
    assert listing_frame([]).schema == pl.Schema(LISTING_SCHEMA)


def test_every_writer_is_kept_with_its_machine_in_order_of_start():
    first = NOON, "node1", "NVIDIA H100", 8
    second = NOON + timedelta(hours=5), "node2", "NVIDIA A100", 4
    run = node(writers=[Writer("w1", *second), Writer("w0", *first)])
    assert read(sent(run)).runs["writers"].to_list() == [[writer(*first), writer(*second)]]


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-01-05T12:00:00Z", NOON),
        ("2026-01-05T12:00:00", NOON),
        ("2026-01-05T14:00:00+02:00", NOON),
        ("2026-01-05T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
    ],
)
def test_times_in_all_formats_are_utc(written, instant):
    assert row(createdAt=written)["created_at"] == instant
    environment = {"w": {"startedAt": written}}
    assert row(config=stored(environment=environment))["writers"] == [writer(instant)]


AT_NOON = {"startedAt": "2026-01-05T12:00:00Z"}
SLURM = {"job_id": "1003", "array_job_id": "1000", "array_task_id": "3"}


@pytest.mark.parametrize(
    ("environment", "writers", "unreadable"),
    [
        *((it, None, None) for it in (None, [], {"w": None}, {"w": {}})),
        *((it, None, ["writers"]) for it in ("w", ["w"], {"w": 3})),
        ({"w": AT_NOON | {"gpu_count": None}}, [writer(NOON)], None),
        ({"w": AT_NOON | {"gpu_count": 8.0}}, [writer(NOON, gpu_count=8)], None),
        *(
            ({"w": AT_NOON | {name: it}}, [writer(NOON)], [column])
            for name, column, odd in (
                ("gpu_count", "gpu_count", ("8", -1, 1_000_001, 2**70, 1.5, True)),
                ("gpu", "gpu_type", (["H100"], 8)),
                ("host", "host", (7,)),
            )
            for it in odd
        ),
        ({"w": AT_NOON | {"slurm": SLURM}}, [writer(NOON) | {"job_id": "1003"}], None),
        # A writer without a start still has its machine.
        (
            {
                "w0": {"startedAt": None, "gpu_count": 8},
                "w1": AT_NOON | {"host": "node"},
                "w2": {"startedAt": "soon", "host": "node"},
            },
            [writer(NOON, "node"), writer(None, gpu_count=8), writer(None, "node")],
            ["startedAt"],
        ),
    ],
)
def test_an_environment_has_a_writer_per_process(environment, writers, unreadable):
    told = row(config=stored({"lr": 1}, environment))
    assert (told["writers"], told["unreadable"]) == (writers, unreadable)
    assert told["config"] == '{"lr":1}'


def test_features_of_the_client_are_read_from_its_list():
    def words(**internal):
        told = row(config=stored(**internal))
        return [told[name] for name in ("offline", "resumed", "shared", "rewound")]

    assert words(t={"3": [2, 13]}) == [False] * 4
    assert words(t={"3": [4, 5, 67, 72]}) == [True] * 4
    assert words(t={"3": [2, 5]}) == [False, True, False, False]
    assert words(t={"4": "3.11"}) == words(t=[5]) == words() == [None] * 4


@pytest.mark.parametrize(
    ("changes", "wrote"),
    [
        ({}, False),
        ({"config": None, "summaryMetrics": None}, False),
        ({"config": "null", "summaryMetrics": "null"}, False),
        ({"config": '{"wandb_version": 1}'}, False),
        ({"config": '{"lr": {"value": 1}}'}, True),
        ({"config": '{"_wandb": {"value": {}}}'}, True),
        ({"config": "{"}, True),
        ({"summaryMetrics": '{"loss": 1}'}, True),
        ({"summaryMetrics": "oops"}, True),
        ({"historyLineCount": "7"}, True),
        # Only the server writes these.
        ({"heartbeatAt": "0001-01-01T00:00:00Z", "tags": "odd"}, False),
    ],
)
def test_a_client_that_ever_wrote_is_recognised_by_its_traces(changes, wrote):
    assert row(**{"config": "{}", "summaryMetrics": "{}"} | changes)["wrote"] is wrote


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        # The stopwatch is the larger of the two runtimes.
        ({"_wandb": {"runtime": 12}, "_runtime": 99.5}, {"runtime_s": 99.5}),
        ({"_runtime": 99.5}, {"runtime_s": 99.5}),
        ({"_wandb": {}, "_runtime": 99.5}, {"runtime_s": 99.5}),
        ({"_wandb": None, "_runtime": "soon"}, {"runtime_s": None}),
        ({"_wandb": {"runtime": float("nan")}}, {"runtime_s": None}),
        ({"_wandb": {"runtime": 0}, "_runtime": 5}, {"runtime_s": 5.0}),
        ({"_wandb": {"runtime": 5}, "_runtime": 0}, {"runtime_s": 5.0}),
        ({"_wandb": {"runtime": -5}}, {"runtime_s": -5.0}),
        (
            {"_timestamp": NOON.timestamp() + 0.25},
            {"last_metric_at": NOON + timedelta(seconds=0.25)},
        ),
        *(({"_timestamp": it}, {"last_metric_at": None}) for it in (1e300, "later", True)),
    ],
)
def test_a_summary_has_the_stopwatch_and_the_time_of_the_last_row(summary, expected):
    found = row(summaryMetrics=json.dumps(summary))
    assert found == found | expected


CONFIGS = {
    "values are unwrapped and others stay": (
        '{"a": {"value": 1}, "b": 2, "c": {"desc": "x"}, "wandb_version": 1}',
        {"config": '{"a":1,"b":2,"c":{"desc":"x"}}'},
    ),
    "the client's own part stays too": (
        '{"a": 1, "_wandb": {"start_time": "2026-01-05T12:00:00"}}',
        {"config": '{"a":1}', "stamp": NOON},
    ),
    "all but the client's own keys": (
        stored({"lr": 1, "hf_token": "t", "aws": {"secret": "s", "region": "eu"}, "seed": 4}),
        {"config": '{"aws":{"region":"eu","secret":"s"},"hf_token":"t","lr":1,"seed":4}'},
    ),
    "nan and infinity become text": (
        '{"a": {"value": NaN}, "b": {"value": -Infinity}, "c": {"value": 1e999}}',
        {"config": '{"a":"NaN","b":"-Infinity","c":"1e999"}'},
    ),
    "half a character": ('{"a": {"value": "\\ud83d."}}', {"config": '{"a":"\ufffd."}'}),
    "start 0": (stored(start_time=0), {"stamp": datetime(1970, 1, 1, tzinfo=UTC)}),
    "start that old clients wrote": (stored(start_time=NOON.timestamp()), {"stamp": NOON}),
    "start in text": (stored(start_time="2026-01-05T12:00:00"), {"stamp": NOON}),
}


@pytest.mark.parametrize(("config", "expected"), CONFIGS.values(), ids=CONFIGS)
def test_a_config_is_read_whole_and_has_the_start_of_old_clients(config, expected):
    found = row(config=config)
    assert found == found | expected | {"unreadable": None}


@pytest.mark.parametrize(
    ("changes", "lost", "field"),
    [
        ({"config": faults.cut_config(node()).config}, ["config", "writers"], "config"),
        ({"config": "[1]"}, ["config", "writers"], "config"),
        ({"config": '"[1]"'}, ["config", "writers"], "config"),
        ({"config": json.dumps(json.dumps("{}"))}, ["config", "writers"], "config"),
        ({"config": 5}, ["config", "writers"], "config"),
        ({"config": '{"a": ' + "[" * 5000 + "]" * 5000 + "}"}, ["config"], "config"),
        ({"config": '{"a": ' + "[" * 1000 + "]" * 1000 + "}"}, ["config"], "config"),
        ({"config": '{"_wandb": 3}'}, ["writers"], "_wandb"),
        ({"config": '{"_wandb": {"value": []}}'}, ["writers"], "_wandb"),
        ({"summaryMetrics": '{"loss": '}, ["runtime_s", "last_metric_at"], "summary"),
        ({"summaryMetrics": '{"_timestamp": "soon"}'}, ["last_metric_at"], "_timestamp"),
        ({"summaryMetrics": '{"_runtime": NaN}'}, ["runtime_s"], "runtime"),
        ({"summaryMetrics": '{"_wandb": 7}'}, ["runtime_s", "last_metric_at"], "_wandb"),
        ({"heartbeatAt": "now"}, ["heartbeat_at"], "heartbeatAt"),
        ({"displayName": {"a": 1}}, ["display_name"], "displayName"),
        # A server's time 0 stands for none.
        ({"heartbeatAt": "1970-01-01T00:00:00"}, ["heartbeat_at"], "heartbeatAt"),
        ({"group": 7}, ["group_name"], "group"),
        ({"tags": "urgent"}, ["tags"], "tags"),
    ],
)
def test_only_an_unreadable_field_is_lost_and_it_is_named(changes, lost, field):
    told = row(**changes)
    # A config and a summary hold several columns.
    others = {name: told[name] for name in ("writers", "config", "runtime_s", "last_metric_at")}
    assert told == row() | others | dict.fromkeys(lost) | {"unreadable": [field]}


def test_a_config_that_was_encoded_twice_is_decoded_twice():
    assert row(config=faults.encode_config_twice(node()).config) == row()


NO_START = {"config": "{}", "summaryMetrics": "{}"}


@pytest.mark.parametrize("created", [None, "yesterday", "1970-01-01T00:00:00"])
def test_a_run_without_a_creation_time_has_its_own_start(created):
    start = NOON + timedelta(seconds=30)
    assert row(createdAt=created) == row() | {"created_at": start, "unreadable": ["createdAt"]}
    stamped = row(createdAt=created, config=stored(start_time=NOON.timestamp()))
    assert stamped["created_at"] == NOON
    # A clock that was not set tells nothing, and neither does a negative runtime.
    last = {"heartbeatAt": "2026-01-05T13:00:00", "config": stored(start_time=0)}
    summary = {"_runtime": 3600, "_timestamp": 7200}
    watched = row(createdAt=created, summaryMetrics=json.dumps(summary), **last)
    assert watched["created_at"] == NOON
    late = {
        "heartbeatAt": None,
        "summaryMetrics": json.dumps(summary | {"_timestamp": NOON.timestamp()}),
    }
    assert row(createdAt=created, **late, config="{}")["created_at"] == NOON - timedelta(hours=1)
    for no_length in ("-1", "1e303"):
        lengthless = sent(createdAt=created, summaryMetrics=f'{{"_runtime": {no_length}}}', **last)
        assert read(lengthless).runs.is_empty()


@pytest.mark.parametrize(
    ("changes", "run_id", "words"),
    [
        ({"name": None}, None, "it has no name"),
        ({"name": 7}, None, "its name cannot be read: 7"),
        ({"createdAt": None, **NO_START}, "r0000", "it has no createdAt"),
        (
            {"createdAt": "yesterday", **NO_START},
            "r0000",
            "its createdAt cannot be read: 'yesterday'",
        ),
        (
            {"createdAt": "yesterday", **NO_START, "config": stored(start_time=0)},
            "r0000",
            "its createdAt cannot be read: 'yesterday'",
        ),
    ],
)
def test_only_a_row_without_an_id_or_any_start_is_rejected(changes, run_id, words):
    batch = read(sent(node(1)), sent(**changes), sent(node(2)))
    assert batch.runs["run_id"].to_list() == ["r0001", "r0002"]
    assert batch.rejected == (Rejected("lab", "vision", run_id, words),)


def test_the_last_of_two_nodes_with_the_same_id_counts():
    page = [sent(state="running"), sent(node(1)), sent(state="crashed")]
    assert read(*page).runs["state"].to_list() == ["crashed", "finished"]
    assert listing_frame(page)["state"].to_list() == ["crashed", "finished"]


def test_a_listing_has_every_id_even_if_nothing_else_is_known():
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
def test_any_config_or_summary_can_be_read(config, summary, environment):
    hostile = sent(
        config=json.dumps({"c": {"value": config}, "_wandb": {"value": {"e": environment}}}),
        summaryMetrics=json.dumps({"_wandb": summary, "_runtime": summary, "_timestamp": summary}),
    )
    batch = read(sent(node(1)), hostile, sent(config=json.dumps(config)))
    assert batch.runs["run_id"].to_list() == ["r0001", "r0000"]
    assert batch.rejected == ()


@given(
    moment=st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2199, 12, 31))  # noqa: DTZ001
)
def test_times_keep_their_microseconds(moment):
    created = moment.replace(tzinfo=UTC)
    assert row(createdAt=moment.isoformat())["created_at"] == created
