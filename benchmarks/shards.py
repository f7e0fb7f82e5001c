"""What a derivation of everybody costs in shards on a local Dask cluster, and on one machine.

    python benchmarks/shards.py [RUNS SCHOLARS [LINE]]

Needs the extra `scale`. Prints the processor time of all processes and the peak memory of each
(VmHWM), what the coordinator does alone, and in how many rows the results differ. LINE adds one
automated line of that many experiments. More than two million runs are derived in shards only.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from synthetic import AS_OF, run_table

from velocity.queries import list_queries
from velocity.settings import Derive, Settings
from velocity.store import open_live
from velocity.store.derive import derive

if TYPE_CHECKING:
    from velocity.store import LiveStore

_WORKERS = 2
_MOST_ON_ONE_MACHINE = 2_000_000
_MOST_AT_ONCE = 1_000_000  # runs in memory while they are merged
#: Their last digits depend on the order of rows: compared charge by charge.
_FRACTIONS = {"host_share", "gpu_charge"}


def memory_mib() -> int:
    """Peak of this process; `ru_maxrss` would keep its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def told(name: str, processor: float, memory: int | None = None) -> None:
    print(f"{name:44} processor {processor:8.2f} s   " + (f"peak {memory} MiB" if memory else ""))


def everybody(store: LiveStore, settings: Settings) -> dict[str, float]:
    """Title of a step -> this process's processor time when it began."""
    store.run("UPDATE derived_with SET fingerprint = ''")
    began = {"start": time.process_time()}

    def step(title: str, *_: int) -> None:
        began.setdefault(title, time.process_time())

    derive(store, settings, None, on_step=step)
    return began | {"end": time.process_time()}


def merge(data: Path, runs: int, scholars: int, line: int) -> None:
    parts = -(-runs // _MOST_AT_ONCE)
    merged, projects = 0, set()
    with open_live(data) as store:
        for part in range(parts):
            table = run_table(
                runs // parts,
                scholars // parts,
                seed=part + 1,
                line_of=0 if part else line,
                prefix=f"{part}-" if part else "",
            )
            store.record.merge_runs(table)
            merged += table.height
            projects |= set(table["project"].unique())
        for project in projects:
            store.record.merge_project("lab", project, rejected=(), as_of=AS_OF)
    print(f"{merged:,} runs of {scholars:,} scholars", flush=True)


def on_one_machine(data: Path) -> None:
    with open_live(data) as store:
        began = everybody(store, Settings())
        told("one machine", began["end"] - began["start"], memory_mib())


def in_shards(data: Path) -> None:
    import dask
    from distributed import LocalCluster

    dask.config.set({"distributed.worker.profile.enabled": False})  # as docs/scale.md advises
    with open_live(data) as store:
        is_derived = bool(store.run("SELECT 1 FROM derived_with"))
    if is_derived:
        shutil.copyfile(data / "derived.duckdb", data / "one.duckdb")
    with (
        LocalCluster(_WORKERS, threads_per_worker=1, dashboard_address=None) as cluster,
        cluster.get_client() as client,
        open_live(data) as store,
    ):
        idle = client.run(time.process_time)
        settings = Settings(derive=Derive(scheduler=cluster.scheduler_address))
        began = everybody(store, settings)
        busy, peaks = client.run(time.process_time), client.run(memory_mib)
        total = began["end"] - began["start"]
        for worker, seconds in busy.items():
            total += seconds - idle[worker]
            told("a worker", seconds - idle[worker], peaks[worker])
        told("the coordinator", began["end"] - began["start"], memory_mib())
        told("  before the shards", began["Shards of scholars"] - began["start"])
        told("  meanwhile", began["Tables of the shards"] - began["Shards of scholars"])
        told("  after them", began["end"] - began["Tables of the shards"])
        told("all", total)
        if is_derived:
            compare(store, data / "one.duckdb")


def compare(store: LiveStore, other: Path) -> None:
    store.run(f"ATTACH '{other}' AS one (READ_ONLY)")
    for table in [
        "scholar",
        "gpu_rate",
        *(it.table for it in list_queries("derive") if it.kept_by),
    ]:
        if table not in _FRACTIONS:
            now, before = f'FROM derived."{table}"', f'FROM one.derived."{table}"'
            rows = store.run(
                f"SELECT count(*) FROM (({now} EXCEPT ALL {before}) UNION ALL "
                f"({before} EXCEPT ALL {now}))"
            )
            if rows != [(0,)]:
                print(f"{table}: {rows[0][0]} rows differ")
    key = "host_key, run_key, scholar_key, day, from_us, leads"
    print(
        "charges, without partner, largest difference in µs:",
        store.run(
            "SELECT count(*), count(*) FILTER (a.run_key IS NULL OR b.run_key IS NULL), "
            "max(abs(a.gpu_us - b.gpu_us)) FROM derived.gpu_charge AS a "
            f"FULL JOIN one.derived.gpu_charge AS b USING ({key})"
        )[0],
    )


def main() -> None:
    words = sys.argv[1:]
    if words and words[0] in PARTS:
        PARTS[words[0]](Path(words[1]), *map(int, words[2:]))
        return
    sizes = words + ["100000", "200", "0"][len(words) :]
    with tempfile.TemporaryDirectory() as folder:
        # Each in a process of its own, for its memory.
        for part in PARTS:
            if part == "here" and int(sizes[0]) > _MOST_ON_ONE_MACHINE:
                continue
            more = sizes if part == "merge" else []
            subprocess.run([sys.executable, __file__, part, folder, *more], check=True)


PARTS = {"merge": merge, "here": on_one_machine, "shards": in_shards}

if __name__ == "__main__":
    main()
