"""Whether a watch grows: its own memory, its open files, each sync's memory and the data folder.

    python benchmarks/watch.py [CYCLES [MINUTES]]

The protocol server serves a run on loopback. `velocity sync --watch 1s` syncs it CYCLES times (500)
as fast as it can, or as often as MINUTES allow, with one new run every 50 cycles. Prints figures
while it runs, and at the end the slope of each, without the first cycles, which make the three
snapshots.
"""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import linear_regression, median

from velocity.demo.wandb_server.server import ProtocolServer
from velocity.demo.wandb_server.world import RunNode, World

TOLD_EVERY = 25
RUN_EVERY = 50
SETTLING = 4
FIELD = re.compile(r"(\w+)=(\S+)")
UNITS = {"service": "MiB", "open files": "", "sync": "MiB", "folder": "MiB", "seconds": "s"}


def node(number: int) -> RunNode:
    created = datetime.now(UTC) - timedelta(days=1)
    return RunNode.build(
        entity="lab",
        project="vision",
        run_id=f"r{number:04}",
        username="ada",
        display_name=f"run {number}",
        state="finished",
        created_at=created,
        heartbeat_at=created + timedelta(minutes=59),
        runtime_s=3540,
    )


def folder_mib(folder: Path) -> float:
    size = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # the next sync has removed it
            size += path.stat().st_size
    return size / 2**20


def main(cycles: int = 500, minutes: float = math.inf) -> None:
    until = time.monotonic() + 60 * minutes
    world = World([node(0)])
    with ProtocolServer(world) as server, tempfile.TemporaryDirectory() as data:
        os.environ |= {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.api_key}
        command = ["sync", "--watch", "1s", "--project", "lab/*", "--data", data]
        with subprocess.Popen(
            [sys.executable, "-m", "velocity", *command], stderr=subprocess.PIPE, text=True
        ) as service:
            assert service.stderr is not None
            seen: list[dict[str, float]] = []
            sync, failed = 0.0, 0
            stages: defaultdict[str, list[float]] = defaultdict(list)
            for line in service.stderr:
                told = dict(FIELD.findall(line))
                if told["event"] == "published":
                    sync = float(told["rss_mib"])
                    for name, value in told.items():
                        if name.endswith("_s"):
                            stages[name.removesuffix("_s")].append(float(value))
                if told["event"] != "waiting":
                    continue
                failed += told["outcome"] != "synced"
                seen.append(
                    {
                        "service": float(told["rss_mib"]),
                        "open files": len(list(Path(f"/proc/{service.pid}/fd").iterdir())),
                        "sync": sync,
                        "folder": folder_mib(Path(data)),
                        "seconds": float(told["seconds"]),
                    }
                )
                if len(seen) % RUN_EVERY == 0:
                    world.put(node(len(seen)))
                if len(seen) % TOLD_EVERY == 1:
                    figures = ", ".join(f"{name} {it:.1f}" for name, it in seen[-1].items())
                    print(f"cycle {len(seen):4}: {figures}", flush=True)
                if len(seen) == cycles or time.monotonic() > until:
                    service.send_signal(signal.SIGTERM)
                    break
            service.communicate()
    print(f"{len(seen)} cycles, {failed} failed; exit code {service.returncode}")
    took = (f"{name} {median(seconds):.2f} s" for name, seconds in stages.items())
    print(f"median sync of a quiet project: {', '.join(took)}")
    for name, unit in UNITS.items():
        values = [it[name] for it in seen[SETTLING:]]
        slope = linear_regression(range(len(values)), values).slope * 100
        print(
            f"{name:10} first {values[0]:7.2f}, last {values[-1]:7.2f}, largest {max(values):7.2f} "
            f"{unit}; {slope:+.3f} per 100 cycles"
        )


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:3]))
