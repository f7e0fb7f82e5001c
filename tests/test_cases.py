"""Realistic inputs, from the source to the figures.

Each folder of tests/cases/ holds the data of a server, a table or a run directory, and the expected
result. The data is invented, after public bug reports. `@now-3600s@` is a time before the sync.
Cases that are one pull of lab/p share a store, in which each has its own entity and user.
"""

import json
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import without_runs
from tests.stores import copied
from tests.wandb_server import ProtocolServer, World
from tests.worlds import point_client_at
from velocity.demo.wandb_server.world import RunNode
from velocity.errors import VelocityError
from velocity.reading import reads
from velocity.settings import Settings
from velocity.sources.base import Asked
from velocity.store import Snapshot, latest_snapshot
from velocity.sync.commands import import_runs, sync_wandb
from velocity.sync.results import SyncResult

pytestmark = pytest.mark.thorough

CASES = sorted(Path(__file__).with_name("cases").iterdir())
PULLED = {it.name: it for it in CASES if (it / "nodes.json").exists()}
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
_RELATIVE = re.compile(r"@now([+-]\d+)s@")


def read(path: Path, entity: str = "lab", user: str = "ada") -> Any:
    """The JSON of a file, its relative times made absolute, and its entity and user renamed."""

    def absolute(found: re.Match[str]) -> str:
        return f"{NOW + timedelta(seconds=int(found[1])):%Y-%m-%dT%H:%M:%S}"

    text = _RELATIVE.sub(absolute, path.read_text(encoding="utf-8"))
    named = text.replace('"username": "ada"', f'"username": "{user}"')
    return json.loads(named.replace('"lab/', f'"{entity}/'))


def steps_of(folder: Path, expected: Mapping[str, Any]) -> list[dict[str, Any]]:
    if (folder / "steps.json").exists():
        return read(folder / "steps.json")
    tables = sorted(it.name for it in folder.iterdir() if it.suffix in (".csv", ".parquet"))
    return [{"import": [name, *expected.get("import_args", [])]} for name in tables]


def run_node(entity: str, project: str, node: Mapping[str, Any]) -> RunNode:
    """A node of the W&B API for the stand-in server."""

    def moment(name: str) -> datetime | None:
        return node[name] and datetime.fromisoformat(node[name])

    return RunNode(
        entity=entity,
        project=project,
        name=node["name"],
        display_name=node["displayName"],
        state=node["state"],
        created_at=moment("createdAt"),
        heartbeat_at=moment("heartbeatAt"),
        config=node["config"],
        summary_metrics=node["summaryMetrics"],
        username=node["user"] and node["user"]["username"],
        tags=tuple(node["tags"]),
        group=node["group"],
        job_type=node["jobType"],
        sweep_name=node["sweepName"],
        notes=node["notes"],
        history_line_count=node["historyLineCount"],
        commit=node["commit"],
    )


class Way:
    """Takes the steps of a case in order, into one store."""

    def __init__(self, home: Path, server: ProtocolServer) -> None:
        self.home, self._server = home, server
        self.data = copied(without_runs, home / ".data")

    def take(self, step: Mapping[str, Any]) -> SyncResult:
        if "sync" in step:
            apart = timedelta(seconds=step.get("server_clock_s", 0))
            self._server.clock = lambda: NOW + apart
            return self._sync(step["sync"])
        (command,) = step.keys() & {"import", "ingest"}
        paths, options = self._arguments(step[command])
        asked = Asked([str(path) for path in paths], **options)
        source = "table" if command == "import" else "files"
        return import_runs(self.data, Settings(), source, asked)

    def _sync(self, projects: Mapping[str, Any]) -> SyncResult:
        world = self._server.world
        for name, nodes in projects.items():
            entity, _, project = name.partition("/")
            home = world.add_project(entity, project)
            for run_id in home.runs.keys() - {node["name"] for node in nodes}:
                world.delete(entity, project, run_id)
            world.put(*(run_node(entity, project, node) for node in nodes))
        return sync_wandb(self.data, Settings(), projects=list(projects), clock=lambda: NOW)

    def _arguments(self, words: list[str]) -> tuple[list[Path], dict[str, Any]]:
        options, paths, rest = {}, [], iter(words)
        for word in rest:
            if word.startswith("--"):
                options[word.removeprefix("--").replace("-", "_")] = next(rest)
            else:
                paths.append(self.home / word)
        return paths, options


@pytest.fixture
def server(monkeypatch):
    with ProtocolServer(World()) as running:
        point_client_at(running, monkeypatch)
        yield running


@pytest.fixture(scope="module")
def pulled(tmp_path_factory):
    """The snapshot of all cases of one pull."""
    projects = {}
    for name, folder in PULLED.items():
        projects |= read(folder / "nodes.json", entity=name, user=name)
    with ProtocolServer(World()) as server, pytest.MonkeyPatch.context() as patch:
        point_client_at(server, patch)
        way = Way(tmp_path_factory.mktemp("pulled"), server)
        assert way.take({"sync": projects}).errors == ()
    snapshot = latest_snapshot(way.data)
    runs = reads.runs(snapshot)
    # The figures of a case are those of its only user.
    assert (runs["username"] == runs["entity"]).all()
    return snapshot


@pytest.mark.parametrize("case", PULLED)
def test_a_case_of_one_pull_has_the_expected_result(case, pulled):
    expected = read(PULLED[case] / "expected.json", entity=case)
    (figures,) = reads.metrics(pulled, by="scholar", groups=[case]).to_dicts()
    assert list(differences(pulled, figures, expected)) == []


@pytest.mark.parametrize(
    "folder", [it for it in CASES if it.name not in PULLED], ids=lambda folder: folder.name
)
def test_a_case_of_several_steps_has_the_expected_result(folder, server, tmp_path):
    shutil.copytree(folder, tmp_path / "case")
    expected = read(folder / "expected.json")
    way = Way(tmp_path / "case", server)
    wrong = []
    for step in steps_of(folder, expected):
        if step.get("rc"):
            with pytest.raises(VelocityError) as refused:
                way.take(step)
            said = f"{refused.value.message} {refused.value.hint}"
        else:
            result = way.take(step)
            assert result.errors == ()
            words = reads.unknown_states(latest_snapshot(way.data))["word"]
            notes = [*result.notes, *(it for p in result.projects for it in p.notes)]
            said = " ".join([*notes, *words])
        wrong += [f"not named: {it}" for it in step.get("names", ()) if it not in said]
    assert wrong == []
    if "metrics" in expected:
        snapshot = latest_snapshot(way.data)
        (figures,) = reads.metrics(snapshot, by="programme").to_dicts()
        assert list(differences(snapshot, figures, expected)) == []


def near(wanted: float | None, within: float | None = None) -> Any:
    return wanted if wanted is None else pytest.approx(wanted, rel=1e-6, abs=within)


def differences(snapshot: Snapshot, figures: Mapping[str, Any], expected: Mapping[str, Any]):
    """Yield differences of figures and of the store's runs."""
    for name, value in expected["metrics"].items():
        within = value["within"] if isinstance(value, dict) else None
        wanted = value["about"] if isinstance(value, dict) else value
        if figures[name] != near(wanted, within):
            yield f"{name} {figures[name]} for {wanted}"
    rows = {
        f"{row['entity']}/{row['project']}/{row['run_id']}": row
        for row in reads.runs(snapshot).iter_rows(named=True)
    }
    for name, wanted in expected.get("runs", {}).items():
        if name not in rows:
            yield f"{name} is missing"
        else:
            yield from (f"{name}: {it}" for it in of_run(rows[name], wanted))
    for name in expected.get("absent", ()):
        if name in rows and rows[name]["excluded"] is None:
            yield f"{name} counts"


def of_run(row: Mapping[str, Any], wanted: Mapping[str, Any]):
    """Yield differences of a run."""
    flags = set(row["flags"].split())
    if lacking := set(wanted.get("flags", ())) - flags:
        yield f"does not have {lacking}"
    if extra := set(wanted.get("not_flags", ())) & flags:
        yield f"has {extra}"
    if wanted.get("state_class", row["class"]) != row["class"]:
        yield f"is {row['class']}"
    for name in wanted.keys() & {"active_hours", "queue_hours"}:
        if row[name] != near(wanted[name]):
            yield f"{name} {row[name]} for {wanted[name]}"
    for name, column in (("start", "started_at"), ("end", "ended_at")):
        if name in wanted:
            instant = wanted[name] and datetime.fromisoformat(wanted[name])
            if row[column] != instant:
                yield f"{name} {row[column]} for {instant}"
