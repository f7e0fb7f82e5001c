"""A third-party source: one file, found by its entry point."""

import os
import sys

import pytest

from tests.commands import environment, velocity
from tests.conftest import ROOT
from velocity.errors import SourceError
from velocity.reading import reads
from velocity.sources.base import Asked, find_source
from velocity.sources.run_table import TableSource
from velocity.sources.wandb_files import LocalSource
from velocity.store import latest_snapshot

#: Each line of the text after `--from toy` is a run: its id and its hour.
_TOY = """
from datetime import UTC, datetime, timedelta
from velocity.records import Rejected, RunBatch, run_frame

class Toy:
    def read(self, asked):
        for place in asked.places:
            name, _, hour = place.partition("@")
            key = {"entity": asked.entity, "project": "toys", "run_id": name}
            if not hour:
                yield RunBatch(run_frame([]), (Rejected(*key.values(), "it has no hour"),))
                continue
            start = datetime(2026, 1, 5, int(hour), tzinfo=UTC)
            row = key | {
                "state": "finished", "created_at": start, "started_at": start, "runtime_s": 1800.0,
                "heartbeat_at": start + timedelta(minutes=30), "username": asked.username,
                "source": "toy", "trust": 2, "url": f"https://toys.example/{name}",
            }
            complete_to = start + timedelta(hours=1)
            yield RunBatch(run_frame([row]), complete_to=complete_to, notes=("A toy.",))
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Install the toy: put it, with its entry point, on Python's path."""
    folder = tmp_path / "installed"
    told = folder / "toy-1.0.dist-info"
    told.mkdir(parents=True)
    (folder / "toy.py").write_text(_TOY)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    entries = "[velocity.sources]\ntoy = toy:Toy\nbroken = toy:Missing\n"
    (told / "entry_points.txt").write_text(entries)
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.mark.thorough
def test_a_source_of_one_file_imports_runs(toy, tmp_path):
    data = tmp_path / "data"
    words = ("--entity", "lab", "--username", "ada", "one@9", "two@11", "three")
    env = environment(tmp_path, PYTHONPATH=f"{ROOT}{os.pathsep}{toy}")
    done = velocity("--data", data, "import", "--from", "toy", *words, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert b"A toy." in done.stderr
    snapshot = latest_snapshot(data)
    runs = reads.runs(snapshot)
    assert set(runs.select("run_id", "username", "source", "url").iter_rows()) == {
        (name, "ada", "toy", f"https://toys.example/{name}") for name in ("one", "two")
    }
    assert reads.rejected(snapshot)["reason"].to_list() == ["it has no hour"]
    (as_of,) = reads.projects(snapshot)["as_of"]
    assert as_of.hour == 12


@pytest.mark.usefixtures("toy")
def test_a_source_is_found_by_its_name():
    assert type(find_source("toy")).__name__ == "Toy"
    assert isinstance(find_source("table"), TableSource)
    assert isinstance(find_source("files"), LocalSource)


@pytest.mark.usefixtures("toy")
def test_a_missing_or_broken_source_is_an_error_that_says_so():
    with pytest.raises(SourceError) as caught:
        find_source("toi")
    assert "broken, files, inspect, mlflow, slurm, table, toy, trackio" in caught.value.hint
    with pytest.raises(SourceError, match="cannot be loaded"):
        find_source("broken")


@pytest.mark.parametrize("extra", ["inspect", "mlflow", "trackio"])
def test_a_source_without_its_extra_says_how_to_install_it(tmp_path, monkeypatch, extra):
    for module in ("inspect_ai.log", "mlflow", "trackio"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SourceError) as caught:
        list(find_source(extra).read(Asked([str(tmp_path)], entity="e")))
    assert f'pip install "research-velocity[{extra}]"' in caught.value.hint


@pytest.mark.thorough
def test_text_that_is_not_an_address_is_not_a_link(tmp_path):
    table = tmp_path / "runs.csv"
    table.write_text(
        "entity,project,run_id,state,created_at,started_at,runtime_s,url,trust\n"
        "e,p,a,finished,2026-01-05T09:00Z,2026-01-05T09:00Z,60,javascript:alert(1),9\n"
        "e,p,b,finished,2026-01-05T09:00Z,2026-01-05T09:00Z,60,https://x.example/b,9\n"
        "e,p,c,finished,2026-01-05T09:00Z,2026-01-05T09:00Z,60,//x.example/c,9\n"
        "e,p,d,finished,2026-01-05T09:00Z,2026-01-05T09:00Z,60,/\\x.example/d,9\n"
    )
    done = velocity("--data", tmp_path / "data", "import", table, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    runs = reads.runs(latest_snapshot(tmp_path / "data")).sort("run_id")
    assert runs["url"].to_list() == [None, "https://x.example/b", None, None]
    assert b"skipped: trust" in done.stderr
