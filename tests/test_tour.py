"""docs/tour.md follows one number from W&B to the pixel; these tests take its steps."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.wandb_server import ProtocolServer, World
from velocity.demo.wandb_server.world import RunNode, Writer
from velocity.reading import reads
from velocity.reading.mine import Parts
from velocity.sentences.mine import loop_caption
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import sync_wandb

TOUR = Path(__file__).parent.parent / "docs" / "tour.md"
AS_OF = datetime(2026, 1, 5, 20, tzinfo=UTC)


def node(run_id: str, start: str, end: str, state: str = "finished") -> RunNode:
    started_at = datetime.fromisoformat(f"2026-01-05 {start}").replace(tzinfo=UTC)
    ended_at = datetime.fromisoformat(f"2026-01-05 {end}").replace(tzinfo=UTC)
    return RunNode.build(
        entity="lab",
        project="probes",
        run_id=run_id,
        username="ada",
        display_name=run_id,
        state=state,
        created_at=started_at - timedelta(seconds=20),
        heartbeat_at=ended_at,
        writers=[Writer("w1", started_at, host="node-1", gpu_type="NVIDIA H100", gpu_count=8)],
        runtime_s=(ended_at - started_at).total_seconds(),
        config={"lr": int(run_id[1]) / 10, "api_key": "never stored"},
    )


WORLD = [
    node("r1", "09:00", "10:00"),
    node("r2", "09:01", "10:30"),
    node("r3", "11:00", "12:00"),
    node("r4", "11:30", "11:35", state="failed"),
    node("r5", "11:40", "13:00"),
]


def walk(data: Path) -> dict[str, Any]:
    """Take every step of the tour; return name -> the values at that step."""
    steps: dict[str, Any] = {}
    batches = connect().fetch_runs("lab", "probes")
    rows = [row for batch in batches for row in batch.runs.to_dicts()]
    (record,) = (row for row in rows if row["run_id"] == "r4")
    known = [{name: it[name] for name in it if it[name] is not None} for it in record["writers"]]
    shown = ("run_id", "username", "state", "writers", "runtime_s", "config")
    steps["record"] = _of(record | {"writers": known}, *shown)
    sync_wandb(data, Settings(), projects=["lab/probes"], clock=lambda: AS_OF)
    with open_live(data) as store:
        columns = "state, writers[1].start AS started_at, runtime_s"
        held = store.record.connection.frame(f"SELECT {columns} FROM raw_run WHERE run_id = 'r4'")  # noqa: S608
        steps["raw"] = held.row(0, named=True)
    snapshot = latest_snapshot(data)
    run = reads.runs(snapshot).to_dicts()[1]
    shown = ("run_id", "class", "started_at", "ended_at", "end_source", "experiment_id")
    steps["run"] = _of(run, *shown, "joined_by")
    shown = ("experiment_id", "runs", "started_at", "result_at", "outcome")
    steps["experiments"] = reads.experiments(snapshot).reverse().select(shown).to_dicts()
    shown = ("experiment_id", "status", "machine_hours", "reaction_hours", "loop_hours")
    steps["loops"] = reads.loops(snapshot).reverse().select(shown).to_dicts()
    figures = reads.metrics(snapshot, by="scholar").row(0, named=True)
    shown = ("loops_closed", "machine_hours_closed", "reaction_hours_closed", "reaction_share")
    steps["metric"] = _of(figures, *shown)
    steps["figure"] = [loop_caption(figures, Parts.of(figures, hours=True)).replace("\u00a0", " ")]
    return json.loads(json.dumps(steps, default=_plain))


def _of(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _plain(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


def told() -> dict[str, Any]:
    """The steps and values in the tour."""
    blocks = re.findall(r"<!-- (\w+) -->\n```json\n(.*?)```", TOUR.read_text("utf-8"), re.DOTALL)
    return {name: json.loads(block) for name, block in blocks}


@pytest.fixture
def steps(tmp_path, monkeypatch):
    with ProtocolServer(World(WORLD)) as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        monkeypatch.setenv("WANDB_API_KEY", server.api_key)
        yield walk(tmp_path)


def test_the_tour_shows_the_real_values(steps):
    expected = told()
    assert list(expected) == list(steps)
    for name, step in steps.items():
        assert step == _close_to(expected[name]), name


def test_the_tour_names_existing_files():
    root = TOUR.parent.parent
    named = re.findall(r"`((?:velocity|queries|tests)/[\w./*]+)`", TOUR.read_text("utf-8"))
    assert named
    assert [name for name in named if not list(root.glob(name))] == []


def _close_to(value: Any) -> Any:
    """`value` with its floats compared as the tour rounds them."""
    if isinstance(value, float):
        return pytest.approx(value, abs=5e-5)
    if isinstance(value, dict):
        return {name: _close_to(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_close_to(inner) for inner in value]
    return value
