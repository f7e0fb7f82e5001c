"""Runs in the base commit's tree: writes the raw inputs, and serves recorded W&B runs.

    python in_base.py TREE inputs FOLDER ANCHOR
    python in_base.py TREE serve NODES AT

The base commit never changes, so its modules may be used by name. They are imported when they are
needed, because this file's own tree has them elsewhere or not at all.
"""

from __future__ import annotations

import itertools
import json
import sys
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_DRAWN_TABLES = 20
_CASES_IN_A_TABLE = 3
_DRAWN_HISTORIES = 4
_PULLS_OF_A_HISTORY = 5
_TOLERANCE, _TOGETHER = timedelta(minutes=1), timedelta(minutes=2)
_TIMES = ("created_at", "heartbeat_at")
_UNKNOWN_STATE = "mystery"  # it has a flag since
_TIMES_OF_A_ROW = ("created_at", "writer_starts", "heartbeat_at", "runtime_s", "last_metric_at")


def _write_inputs(folder: Path, anchor: datetime) -> None:
    """Write one folder per case, and `metrics.json`: the ids that `explain` knows."""
    ids = import_module("velocity.explain.catalogue").explained()
    (folder / "metrics.json").write_text(json.dumps(ids), encoding="utf-8")
    _write_demo(folder / "demo", anchor)
    for seed in range(_DRAWN_TABLES):
        _write_drawn_tables(folder / f"drawn-tables-{seed:02}", seed)
    for seed in range(_DRAWN_HISTORIES):
        _write_drawn_history(folder / f"drawn-history-{seed:02}", seed)


def _write_demo(case: Path, anchor: datetime) -> None:
    """Write the demo's files, and its runs as its server holds them a day before, and then."""
    seed = import_module("velocity.demo.stories").SEED
    cohort = import_module("velocity.demo.cohort").build_cohort(seed, anchor)
    case.mkdir()
    (case / "roster.toml").write_text(cohort.roster_toml, encoding="utf-8")
    (case / "velocity.toml").write_text(cohort.settings_toml, encoding="utf-8")
    world = import_module("velocity.demo.world").World()
    arrivals: list[Mapping[str, str]] = []
    for runs, instant in ((cohort.runs_before, cohort.before), (cohort.runs, cohort.as_of)):
        world.put(*(it for it in runs if _are_sound(_times_of(it))))
        arrivals.append(_write_nodes(case, len(arrivals), _runs_of(world), instant))
    _write_arrivals(case, arrivals)


class _Times(NamedTuple):
    """The times of a run: its server's, and those that it wrote itself."""

    created: datetime
    starts: Sequence[datetime]
    heartbeat: datetime | None
    runtime_s: float | None
    last_row: datetime | None


def _times_of(run: Any) -> _Times:
    """The times of a server's run."""
    summary, config = json.loads(run.summary_metrics or "{}"), json.loads(run.config or "{}")
    writers = config.get("_wandb", {}).get("value", {}).get("e", {})
    row = summary.get("_timestamp")
    return _Times(
        run.created_at,
        [_instant_of(it["startedAt"]) for it in writers.values()],
        run.heartbeat_at,
        summary.get("_runtime"),
        None if row is None else datetime.fromtimestamp(row, UTC),
    )


def _are_sound(times: _Times) -> bool:
    """Whether the times that a run wrote itself agree with its server's.

    The base commit believes runs that do not, and every later figure of their scholars and groups
    differs for that reason alone.
    """
    created, starts, heartbeat, runtime_s, last_row = times
    first, last = created - _TOLERANCE, (heartbeat or created) + _TOLERANCE
    written = starts if last_row is None else [*starts, last_row]
    return (runtime_s or 0) >= 0 and all(first <= it <= last for it in written)


def _are_plain(times: _Times) -> bool:
    """Whether sound times are of one session that ends as its runtime and its last row say.

    Drawn runs often contradict themselves in these too.
    """
    created, starts, heartbeat, runtime_s, last_row = times
    if heartbeat is None or len(starts) > 1:
        return False
    start = starts[0] if starts else created
    if runtime_s == 0:
        return abs(heartbeat - start) <= _TOLERANCE
    end = heartbeat if runtime_s is None else start + timedelta(seconds=runtime_s)
    if not start <= heartbeat or end > heartbeat + _TOLERANCE:
        return False
    return _are_sound(times) and (
        last_row is None or start <= last_row <= min(heartbeat, end) + _TOLERANCE
    )


def _write_drawn_history(case: Path, seed: int) -> None:
    """Write what a changing W&B server holds at each of a few pulls.

    Runs of these histories have a runtime and a last row that their clocks contradict: both are
    left out. So are runs that are deleted, spoiled or resumed: the base commit notices later that
    they are gone, and reads them otherwise.
    """
    histories = import_module("tests.histories")
    case.mkdir()
    (case / "velocity.toml").write_text('[wandb]\nprojects = ["lab/*"]\n', encoding="utf-8")
    world = import_module("velocity.demo.world").World()
    history = histories.History(world, seed)
    pulls: list[tuple[datetime, dict[Any, Any]]] = []
    for _ in range(_PULLS_OF_A_HISTORY):
        history.step()
        history.now += timedelta(hours=8)
        known = (replace(it, summary_metrics="{}") for it in _runs_of(world))
        held = {
            (it.project, it.name): it
            for it in known
            if isinstance(json.loads(it.config), dict) and _are_plain(_times_of(it))
        }
        pulls.append((history.now, held))
    unsteady = {
        key
        for (_, held), (_, later) in itertools.pairwise(pulls)
        for key in held.keys() - later.keys()
    }
    arrivals: list[Mapping[str, str]] = []
    for now, held in pulls:
        kept = [run for key, run in held.items() if key not in unsteady]
        arrivals.append(_write_nodes(case, len(arrivals), kept, now))
    _write_arrivals(case, arrivals)


def _runs_of(world: Any) -> Iterable[Any]:
    for projects in world.entities.values():
        for project in projects.values():
            yield from project.runs.values()


def _write_nodes(
    case: Path, number: int, runs: Iterable[Any], instant: datetime
) -> Mapping[str, str]:
    """Write the runs of a server to `nodes-<number>.json`."""
    nodes = [asdict(run) for run in runs]
    name = f"nodes-{number}.json"
    text = json.dumps(nodes, default=datetime.isoformat, indent=0)
    (case / name).write_text(text, encoding="utf-8")
    return {"nodes": name, "at": instant.isoformat()}


def _write_drawn_tables(case: Path, seed: int) -> None:
    """Write a table per instant up to which some of the drawn projects are complete."""
    batches = import_module("tests.batches")
    run_frame = import_module("velocity.records").run_frame
    batch = batches.batch_of(
        *batches.PLACES[seed % len(batches.PLACES)],
        seed=seed,
        count=_CASES_IN_A_TABLE,
        has_roster=seed % 4 > 0,
        rules=batches.OTHER_RULES if seed % 3 == 0 else None,
    )
    rows: dict[int, list[Any]] = {}
    seen: dict[str, list[datetime]] = {}
    for drawn in batch.cases:
        for run in drawn.runs:
            row, as_of = batches.row_of(run), drawn.as_of[run.entity, run.project]
            start, others = row["started_at"] or row["created_at"], seen.setdefault(run.run_id, [])
            # Runs of one id that start together, in two projects, count as one run since then.
            is_alone = all(abs(start - it) > _TOGETHER for it in others)
            others.append(start)
            is_over = (row["heartbeat_at"] or start) <= batches.moment(as_of)
            is_plain = _are_plain(_Times(*(row[name] for name in _TIMES_OF_A_ROW)))
            if is_alone and is_over and is_plain and row["state"] != _UNKNOWN_STATE:
                rows.setdefault(as_of, []).append(row)
    if not rows:
        return
    case.mkdir()
    (case / "velocity.toml").write_text(
        _settings_text(batches.settings_of(batch.rules)), encoding="utf-8"
    )
    if batch.roster is not None:
        (case / "roster.toml").write_text(_roster_text(batch.roster), encoding="utf-8")
    arrivals: list[Mapping[str, str]] = []
    for as_of in sorted(rows):
        name = f"runs-{len(arrivals)}.parquet"
        run_frame(rows[as_of]).write_parquet(case / name)
        arrivals.append({"table": name, "at": batches.moment(as_of).isoformat()})
    _write_arrivals(case, arrivals)


def _write_arrivals(case: Path, arrivals: Iterable[Mapping[str, str]]) -> None:
    (case / "arrivals.json").write_text(json.dumps(list(arrivals), indent=1), encoding="utf-8")


def _settings_text(settings: Any) -> str:
    """Return velocity.toml with the settings that drawn cases have."""
    grouping = settings.experiments
    return (
        f'[programme]\ntimezone = "{settings.programme.timezone}"\n\n'
        f"[experiments]\nstale_after_minutes = {grouping.stale_after_minutes}\n"
        f"together_minutes = {grouping.together_minutes}\n"
        f"script_gap_seconds = {grouping.script_gap_seconds}\n\n"
        f'[compute]\ngpu_count_key = "{settings.compute.gpu_count_key}"\n'
    )


def _roster_text(roster: Any) -> str:
    """Return roster.toml; values that are not set keep their defaults."""
    dumped = roster.model_dump(by_alias=True, exclude_unset=True)
    for stream in dumped["streams"]:
        # A file may not list a membership with the same first day twice: the last entry counts.
        members = {(it["scholar"], it["from"]): it for it in stream["members"]}
        stream["members"] = list(members.values())
    entries = [("scholars", it) for it in dumped["scholars"]]
    entries += [("streams", it) for it in dumped["streams"]]
    return "\n".join(
        f"[[{kind}]]\n" + "".join(f"{name} = {_toml(it)}\n" for name, it in entry.items())
        for kind, entry in entries
    )


def _toml(value: Any) -> str:
    """Return a value of a drawn roster as TOML."""
    if isinstance(value, dict):
        members = (f"{name} = {_toml(it)}" for name, it in value.items() if it is not None)
        return f"{{ {', '.join(members)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def _serve(nodes: Path, at: datetime) -> None:
    """Serve recorded runs as W&B would at an instant, until stopped; print address and key."""
    world = import_module("velocity.demo.world")
    runs = [
        world.RunNode(**it | {name: _instant(it[name]) for name in _TIMES})
        for it in json.loads(nodes.read_text(encoding="utf-8"))
    ]
    server = import_module("velocity.demo.server").ProtocolServer(world.World(runs))
    # A pull that finds another time here than its own goes by the server's.
    config = server._uvicorn.config  # noqa: SLF001 - the base commit has no other way
    config.date_header = False
    config.headers.append(("Date", format_datetime(at, usegmt=True)))
    print(server.url, server.api_key, flush=True)
    server.run()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _instant_of(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _main(tree: str, action: str, *arguments: str) -> None:
    loaded = Path(str(import_module("velocity").__file__))
    if not loaded.is_relative_to(tree):
        sys.exit(f"velocity was loaded from {loaded}, not from {tree}")
    if action == "serve":
        _serve(Path(arguments[0]), _instant_of(arguments[1]))
    else:
        _write_inputs(Path(arguments[0]), _instant_of(arguments[1]))


if __name__ == "__main__":
    _main(*sys.argv[1:])
