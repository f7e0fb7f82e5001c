"""How long a full sync takes, compared with a bare page loop and with the usual client code.

    python benchmarks/pull.py [RUNS]

The protocol server serves RUNS runs (100,000) with 30 config and 50 summary keys each, on loopback,
in a process of its own. Every part runs in a fresh process, which shows its peak memory:

- floor: the client's own page query, page by page, rows thrown away;
- sync: `velocity sync --full`, from the first request to the published snapshot;
- client: `for run in api.runs(path, lazy=False): run.config, run.summary` into pandas, for
  three tenths of the runs (the time for all runs is at least in proportion).
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

PAGE = 500
ENTITY, PROJECT, PART, SMALL = "lab", "vision", "part", "small"
START = datetime(2026, 1, 5, tzinfo=UTC)


def serve(runs: int) -> None:
    """Serve until standard input ends; print the address."""
    from velocity.demo.wandb_server.server import ProtocolServer
    from velocity.demo.wandb_server.world import RunNode, World, Writer

    draw = random.Random(1)

    def node(number: int, project: str) -> RunNode:
        created = START + timedelta(minutes=number)
        return RunNode.build(
            entity=ENTITY,
            project=project,
            run_id=f"r{number:07}",
            username=f"scholar{number % 200}",
            display_name=f"run {number}",
            state="finished",
            created_at=created,
            heartbeat_at=created + timedelta(hours=1),
            writers=[Writer("w0", created, f"node{number % 50}", "NVIDIA H100", 8)],
            runtime_s=3540,
            last_metric_at=created + timedelta(minutes=59),
            config={f"hyperparameter_{key}": draw.random() for key in range(30)},
            summary={f"metric/{key}": draw.random() for key in range(50)},
        )

    world = World()
    world.put(*(node(number, PROJECT) for number in range(runs)))
    world.put(*(node(number, PART) for number in range(runs * 3 // 10)))
    world.put(*(node(number, SMALL) for number in range(runs // 10)))
    with ProtocolServer(world) as server:
        print(json.dumps({"url": server.url, "key": server.api_key}), flush=True)
        sys.stdin.read()


def floor(path: str) -> int:
    """Number of runs that a bare loop over the client's own page query reads and discards."""
    import wandb
    from wandb.apis.public import Runs

    from velocity.sources.wandb_api import UNREAD

    service = wandb.Api(timeout=60)._service_api
    entity, _, project = path.partition("/")
    query = str(Runs(service, entity, project, lazy=False).QUERY)
    count, cursor = 0, None
    while True:
        variables = {
            "entity": entity,
            "project": project,
            "order": "+created_at",
            "filters": "{}",
            "perPage": PAGE,
            "cursor": cursor,
        }
        page = service.execute_graphql(query, variables, omit_fields=list(UNREAD))
        runs = page["project"]["runs"]
        count += len(runs["edges"])
        if not runs["pageInfo"]["hasNextPage"]:
            return count
        cursor = runs["pageInfo"]["endCursor"]


def client(path: str) -> int:
    """Number of runs in a pandas frame, read in the usual way."""
    import pandas as pd
    import wandb

    rows = [
        {"id": run.id, "state": run.state, **run.config, **dict(run.summary)}
        for run in wandb.Api(timeout=60).runs(path, lazy=False)
    ]
    return len(pd.DataFrame(rows))


def sync(path: str) -> int:
    """Number of runs that `velocity sync --full` publishes; prints the start of each stage."""
    from velocity.settings import Settings
    from velocity.sync.commands import sync_wandb

    began, stages = time.perf_counter(), {}

    def tell(progress) -> None:
        stages.setdefault(progress.stage, (time.perf_counter() - began, peak_mib()))

    with tempfile.TemporaryDirectory() as data:
        (result,) = sync_wandb(
            Path(data), Settings(), projects=[path], full=True, on_progress=tell
        ).projects
    for stage in ("pull", "derive", "publish"):
        seconds, peak = stages[stage]
        print(f"  {stage:8} from {seconds:5.1f} s on, peak {peak:5,.0f} MiB", file=sys.stderr)
    return result.counts.new


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PARTS = {"floor": floor, "sync": sync, "client": client}


def part(name: str, path: str) -> None:
    """Run one part in this process, and print its time and memory.

    CPU time is that of this process alone, without the client's service process.
    """
    began = time.perf_counter()
    runs = PARTS[name](path)
    seconds = time.perf_counter() - began
    used = time.process_time()
    print(json.dumps({"runs": runs, "seconds": seconds, "cpu": used, "peak": peak_mib()}))


def measured(name: str, path: str) -> dict[str, float]:
    """A part in a process of its own."""
    command = [sys.executable, __file__, "part", name, path]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told = json.loads(done.stdout)
    told["rate"] = told["runs"] / told["seconds"]
    print(
        f"{name:8} {told['runs']:9,} runs {told['seconds']:8.1f} s {told['rate']:9,.0f} runs/s"
        f"   CPU {told['cpu']:6.1f} s   peak {told['peak']:6,.0f} MiB",
        flush=True,
    )
    return told


def main(runs: int) -> None:
    command = [sys.executable, __file__, "serve", str(runs)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        os.environ |= {"WANDB_BASE_URL": told["url"], "WANDB_API_KEY": told["key"]}
        whole, part, small = (f"{ENTITY}/{it}" for it in (PROJECT, PART, SMALL))
        measured("floor", whole)  # the server builds its answers once
        measured("sync", small)
        floors = [measured("floor", whole)]
        full = measured("sync", whole)
        floors.append(measured("floor", whole))
        plain = measured("client", part)
        bare = sum(it["seconds"] for it in floors) / len(floors)
        print(f"sync / floor  {full['seconds'] / bare:6.2f} x the time (target: at most 2)")
        cpu = plain["cpu"] / plain["runs"] / (full["cpu"] / full["runs"])
        print(f"client / sync {cpu:6.2f} x the CPU time")
        print(f"client / sync {full['rate'] / plain['rate']:6.2f} x the time (target: at least 8)")
        server.stdin.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    elif sys.argv[1:2] == ["part"]:
        part(sys.argv[2], sys.argv[3])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 100_000)
