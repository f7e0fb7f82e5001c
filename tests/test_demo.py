"""When a demo is rebuilt, and that it does not use the user's own key; test_wheel.py runs it."""

import os
from datetime import timedelta

import pytest

from scripts.waiting import PATIENCE_S
from tests.cohort_truth import ANCHOR
from tests.wandb_server import ProtocolServer, World
from tests.worlds import node, point_client_at
from velocity.demo import cohort, is_demo, launch
from velocity.sources.wandb_api import connect
from velocity.sources.wandb_client import forget_environment


@pytest.fixture
def pulls(monkeypatch):
    """The as_of of every cohort that would have been pulled; nothing is pulled."""
    made = []

    def build(_seed, as_of, **_):
        return cohort.Cohort([], "leads = []\n", "[programme]\n", as_of, [], as_of)

    def pull(folder, _config, made_cohort, _on_progress):
        made.append(made_cohort.as_of)
        (folder / "CURRENT").write_text("00000001", encoding="ascii")

    monkeypatch.setattr(cohort, "build_cohort", build)
    monkeypatch.setattr(launch, "_pull", pull)
    return made


def _prepare(folder, now=ANCHOR):
    return launch.prepare_demo(folder, now, on_progress=lambda _: None)


def test_a_store_of_this_code_is_reused(pulls, tmp_path):
    folder = tmp_path / "demo"
    assert _prepare(folder) == (folder, folder / "velocity.toml")
    _prepare(folder, ANCHOR + timedelta(hours=11, minutes=59))
    assert pulls == [ANCHOR]


def test_an_old_store_is_rebuilt(pulls, tmp_path):
    _prepare(tmp_path, ANCHOR + timedelta(minutes=30))
    _prepare(tmp_path, ANCHOR + timedelta(hours=12, minutes=20))
    assert pulls == [ANCHOR, ANCHOR + timedelta(hours=12)]


def test_a_store_of_other_code_is_rebuilt(pulls, tmp_path, monkeypatch):
    _prepare(tmp_path)
    monkeypatch.setattr(launch, "SEED", launch.SEED + 1)
    _prepare(tmp_path)
    assert len(pulls) == 2


def test_an_unfinished_store_is_rebuilt(pulls, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(launch, "_pull", stop)
        with pytest.raises(KeyboardInterrupt):
            _prepare(tmp_path)
    assert is_demo(tmp_path)
    (tmp_path / "CURRENT").write_text("00000001", encoding="ascii")
    _prepare(tmp_path)
    assert len(pulls) == 1


def test_an_earlier_client_does_not_affect_a_later_one(monkeypatch):
    with ProtocolServer(World([node(0)])) as theirs, ProtocolServer(World([node(1)])) as demo:
        point_client_at(theirs, monkeypatch)
        connect(timeout_s=PATIENCE_S)
        with launch._signed_in(demo.url, demo.api_key):
            connect(timeout_s=PATIENCE_S)
        connect(timeout_s=PATIENCE_S)
        assert (len(theirs.calls), len(demo.calls)) == (2, 1)


def test_the_users_own_key_is_restored(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "mine")
    monkeypatch.setenv("WANDB_ENTITY", "us")
    forget_environment()  # written by the client of an earlier test
    before = dict(os.environ)
    with launch._signed_in("http://127.0.0.1:1", "theirs"):
        assert os.environ["WANDB_API_KEY"] == "theirs"
        assert "WANDB_ENTITY" not in os.environ
    assert dict(os.environ) == before
