"""How long it takes to derive every table, fact and weekly median from merged runs.

    python benchmarks/derive.py [RUNS SCHOLARS [LINE]]

Prints seconds, processor time (of both cores) and peak memory for the whole derivation and its
longest steps, for publishing, and for the next sync, in which 200 runs of 10 scholars changed. One
pass over the runs and one sort of their starts and ends are what no derivation can do without. Then
prints the page reads that take more than 200 ms, and the time of the core figures in Polars, which
must be the same figures, and in plain pandas. LINE adds one automated line of so many experiments.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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

_SCAN = "SELECT bit_xor(hash(raw_run)) FROM raw_run"
_ONE_SORT = """
SELECT max(running) FROM (
  SELECT sum(change) OVER (PARTITION BY scholar_key ORDER BY at_us) AS running
  FROM (
    SELECT scholar_key, unnest([start_us, end_us]) AS at_us, unnest([1.0::DOUBLE, -1]) AS change
    FROM derived.session))
"""
_STEPS_SHOWN = 10


class Steps:
    """The processor time of each step of a derivation."""

    def __init__(self) -> None:
        self._spent: list[tuple[float, str]] = []
        self._step, self._worked = "configuration", time.process_time()

    def __call__(self, step: str, _done: int, _total: int) -> None:
        now = time.process_time()
        self._spent.append((now - self._worked, self._step))
        self._step, self._worked = step, now

    def show(self) -> None:
        """Print the steps that took most."""
        for seconds, step in sorted(self._spent, reverse=True)[:_STEPS_SHOWN]:
            print(f"  {step:42} processor {seconds:8.2f} s")


class Took(NamedTuple):
    """How long something took.

    Args:
        seconds: by the clock.
        processor: of all cores.
    """

    seconds: float
    processor: float


def timed(name: str, work: Callable[[], Any]) -> Took:
    began, worked = time.perf_counter(), time.process_time()
    result = work()
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{name:44} {seconds:8.2f} s   processor {processor:8.2f} s   peak {peak:5.2f} GiB   "
        f"{result or ''}"
    )
    return Took(seconds, processor)


def compare(name: str, longer: Took, shorter: Took) -> None:
    """Print how many times as long one took; processor time says more on busy cores."""
    print(
        f"{name:44} {longer.seconds / shorter.seconds:8.1f} x   "
        f"processor {longer.processor / shorter.processor:8.1f} x"
    )


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
        steps = Steps()
        whole = timed("derive everything", lambda: derive(store, Settings(), None, on_step=steps))
        steps.show()
        with store.reading_record():
            timed("one pass over the runs", lambda: store.run(_SCAN) and None)
        timed("one sort of their starts and ends", lambda: store.run(_ONE_SORT) and None)
        derived = store.frame(_CORE)
        timed("publish", lambda: publish(store))
    # A change comes with a later sync, which opens a store that is on the disk.
    os.sync()
    with open_live(data) as store:
        store.record.merge_runs(changed(runs))
        part = timed("derive after 200 changed runs", lambda: derive(store, Settings(), None))
        timed("publish after them", lambda: publish(store))
    compare("everything / after a change", whole, part)
    measure_reads(data)
    polars = timed("the core of it in Polars", lambda: check(figures_in_polars(runs), derived))
    compare("Polars / derive everything", polars, whole)
    pandas = timed("the core of it in plain pandas", lambda: len(figures_in_pandas(runs)))
    compare("pandas / derive everything", pandas, whole)


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
