"""How long it takes to derive every table, fact and weekly median from merged runs.

    python benchmarks/derive.py [RUNS SCHOLARS [LINE]]

Prints seconds, processor time (of both cores) and peak memory for the whole derivation, for
publishing, and for the next sync, in which 200 runs of 10 scholars changed. Then prints the page
reads that take more than 200 ms, and the time of the core figures in Polars, which must be the same
figures, and in plain pandas. LINE adds one automated line of that many experiments.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from idiomatic_polars import figures_in_polars
from plain_pandas import figures_in_pandas
from polars.testing import assert_frame_equal
from reads import measure_reads
from synthetic import AS_OF, run_table

from velocity.settings import Settings
from velocity.store import open_live
from velocity.store.derive import derive
from velocity.store.publish import publish

if TYPE_CHECKING:
    from collections.abc import Callable

#: A week later: nothing is running or waiting, so only the changed runs need work.
COMPLETE_TO = AS_OF + timedelta(days=6)

#: The same figures as those of `figures_in_polars`.
_CORE = """
SELECT group_id AS username, week_start AS week,
  round(busy_hours * hour_us())::BIGINT AS busy, round(serial_hours * hour_us())::BIGINT AS serial,
  round(loop_hours_median * hour_us())::BIGINT AS loop
FROM derived.weekly WHERE kind = 'scholar' AND busy_hours > 0
"""


def timed(name: str, work: Callable[[], Any]) -> float:
    began, worked = time.perf_counter(), time.process_time()
    result = work()
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{name:44} {seconds:8.2f} s   processor {processor:8.2f} s   peak {peak:5.2f} GiB   "
        f"{result or ''}"
    )
    return seconds


def changed(runs: pl.DataFrame) -> pl.DataFrame:
    """The latest 200 runs of ten scholars, now killed."""
    ten = [f"u{number}" for number in range(0, 20, 2)]
    return runs.filter(pl.col("username").is_in(ten)).tail(200).with_columns(state=pl.lit("killed"))


def check(found: pl.DataFrame, derived: pl.DataFrame) -> None:
    """Stop if the figures in Polars are not those of the store."""
    both = (it.sort("username", "week") for it in (found.filter(pl.col("busy") > 0), derived))
    assert_frame_equal(*both, check_dtypes=False)


def measure(data: Path, runs: pl.DataFrame) -> None:
    with open_live(data) as store:
        timed("merge", lambda: store.record.merge_runs(runs).new)
        for (project,) in runs.select("project").unique().rows():
            store.record.merge_project("lab", project, rejected=(), as_of=COMPLETE_TO)
        whole = timed("derive everything", lambda: derive(store, Settings(), None))
        derived = store.frame(_CORE)
        timed("publish", lambda: publish(store))
    # A change comes with a later sync, which opens a store that is on the disk.
    os.sync()
    with open_live(data) as store:
        store.record.merge_runs(changed(runs))
        part = timed("derive after 200 changed runs", lambda: derive(store, Settings(), None))
    print(f"{'everything / after a change':44} {whole / part:8.1f} x")
    measure_reads(data)
    polars = timed("the core of it in Polars", lambda: check(figures_in_polars(runs), derived))
    print(f"{'Polars / derive everything':44} {polars / whole:8.1f} x")
    pandas = timed("the core of it in plain pandas", lambda: len(figures_in_pandas(runs)))
    print(f"{'pandas / derive everything':44} {pandas / whole:8.1f} x")


def main() -> None:
    runs, scholars, line = [int(word) for word in sys.argv[1:]] + [100_000, 200, 0][
        len(sys.argv) - 1 :
    ]
    table = run_table(runs, scholars, line_of=line)
    print(f"{table.height:,} runs of {scholars:,} scholars")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), table)


if __name__ == "__main__":
    main()
