"""The processes of deploy/compose.yaml that bring runs in, without containers, for a day."""

import subprocess
from contextlib import contextmanager

import pytest
import yaml
from polars.testing import assert_frame_equal

from scripts.waiting import PATIENCE_S
from tests.commands import VELOCITY, environment
from tests.conftest import ROOT
from tests.scale import servers
from tests.wandb_server import ProtocolServer, World
from tests.worlds import node
from velocity.reading import reads
from velocity.store import latest_snapshot
from velocity.store.bucket import Bucket
from velocity.store.replica import Replica

pytestmark = pytest.mark.thorough

SERVICES = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))["services"]
_SETTINGS = """
[wandb]
projects = ["lab/*"]
[store]
record = "{record}"
snapshots = "{place}"
[derive]
scheduler = "{scheduler}"
runs_per_shard = 10
"""


@contextmanager
def served(runs):
    """A W&B server with some runs, as variables."""
    with ProtocolServer(World(runs)) as server:
        yield {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.api_key}


def once(service, number, home, env):
    """Start a process of a service, which does its work once instead of again and again."""
    command, *rest = SERVICES[service]["command"]
    assert rest == ["--watch", "10m"]
    places = ("--data", home / f"{service}-{number}", "--config", home / "velocity.toml")
    variables = environment(home) | env
    return subprocess.Popen([*VELOCITY, *places, command], env=variables, cwd=home)


def a_round(home, wandb, there):
    """All workers pull at once; then the publisher publishes."""
    many = SERVICES["pull"]["deploy"]["replicas"]
    pulling = [once("pull", number, home, wandb) for number in range(many)]
    assert [it.wait(PATIENCE_S) for it in pulling] == [0] * many
    assert once("publish", 0, home, there).wait(PATIENCE_S) == 0


def test_a_day_goes_through_workers_publisher_cluster_and_bucket(tmp_path, database, place, s3):
    runs = [node(it, project=f"p{it % 6}", username=f"u{it % 5}") for it in range(60)]
    there = servers.certificate(tmp_path)
    replica = Replica(tmp_path / "replica", Bucket(place))
    with servers.dask(tmp_path, there, workers=2) as (scheduler, _), served(runs[:30]) as wandb:
        text = _SETTINGS.format(record=database, place=place, scheduler=scheduler)
        (tmp_path / "velocity.toml").write_text(text, encoding="utf-8")
        a_round(tmp_path, wandb, s3 | there)
    assert b"Receive client connection" in (tmp_path / "dask.log").read_bytes()
    replica.pull()
    assert reads.runs(latest_snapshot(tmp_path / "replica")).height == 30
    with served(runs) as wandb:  # a small change does not need the cluster
        a_round(tmp_path, wandb, s3 | there)
        one = [*VELOCITY, "--data", tmp_path / "one", "sync", "--project", "lab/*"]
        subprocess.run(one, env=environment(tmp_path) | wandb, cwd=tmp_path / "replica", check=True)
    replica.pull()
    found, expected = (reads.runs(latest_snapshot(tmp_path / it)) for it in ("replica", "one"))
    assert found.height == len(runs)
    without_port = found.drop("url").sort("run_id"), expected.drop("url").sort("run_id")
    assert_frame_equal(*without_port)
