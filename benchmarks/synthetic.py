"""Synthetic run tables for the benchmarks: many scholars, shared hosts, one long line if asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from velocity.records import RUN_SCHEMA

#: The instant to which every synthetic table is complete.
AS_OF = datetime(2026, 6, 29, tzinfo=UTC)
_SPAN = timedelta(weeks=26)


def run_table(
    runs: int, scholars: int, *, seed: int = 1, line_of: int = 0, prefix: str = ""
) -> pl.DataFrame:
    """A frame of `RUN_SCHEMA`: `runs` runs of `scholars` scholars over 26 weeks, nearly all ended.

    `line_of` adds that many experiments of one automated scholar on one line. Another `prefix`
    names other runs, scholars and hosts.
    """
    rng = np.random.default_rng(seed)
    frame = _people(rng, runs, scholars, prefix)
    if line_of:
        frame = pl.concat([frame, _automated(rng, line_of)])
    return frame.select(pl.col(name).cast(kind) for name, kind in RUN_SCHEMA.items())


def _people(rng: np.random.Generator, runs: int, scholars: int, prefix: str) -> pl.DataFrame:
    """Launches of one run, of four seeds, and sweeps of ten: about three runs per experiment."""
    sizes = rng.choice([1, 4, 10], runs, p=[0.6, 0.25, 0.15])
    sizes = sizes[: np.searchsorted(np.cumsum(sizes), runs) + 1]
    launch = np.repeat(np.arange(len(sizes)), sizes)[:runs]
    scholar = rng.integers(0, scholars, len(sizes))[launch]
    span_s = _SPAN.total_seconds()
    launch_s = np.sort(rng.uniform(0, span_s - 1000, len(sizes)))[launch]
    # The runs of one launch follow each other within two minutes.
    start_s = launch_s + rng.uniform(0, 100, runs)
    length_s = np.minimum(rng.lognormal(8, 1.3, runs), span_s - start_s)
    states = rng.choice(
        ["finished", "failed", "crashed", "killed", "preempted"],
        runs,
        p=[0.8, 0.07, 0.05, 0.06, 0.02],
    )
    config = rng.integers(0, 40, len(sizes))[launch]
    return _frame(
        run_id=[f"{prefix}r{number}" for number in range(runs)],
        username=[f"{prefix}u{number}" for number in scholar],
        project=[f"p{number}" for number in scholar % 50],
        start_s=start_s,
        length_s=length_s,
        state=states,
        group=[None if number % 3 else f"g{number % 7}" for number in launch],
        sweep=[f"s{number}" if sizes[number] == 10 else None for number in launch],
        config=[f"{one}-{other}" for one, other in zip(scholar, config, strict=True)],
        # Two neighbours share a node of 8 GPUs: a change touches the charges of one other person.
        host=[f"{prefix}node-{number // 2}" for number in scholar],
    )


def _automated(rng: np.random.Generator, experiments: int) -> pl.DataFrame:
    gap = _SPAN.total_seconds() / experiments
    start_s = np.arange(experiments) * gap
    return _frame(
        run_id=[f"a{number}" for number in range(experiments)],
        username=["automation"] * experiments,
        project=["nightly"] * experiments,
        start_s=start_s,
        length_s=rng.uniform(0.1, 0.4, experiments) * gap,
        state=np.full(experiments, "finished"),
        group=[f"n{number}" for number in range(experiments)],
        sweep=[None] * experiments,
        config=[str(number) for number in range(experiments)],
        host=["node-a"] * experiments,
    )


def _frame(
    *, run_id, username, project, start_s, length_s, state, group, sweep, config, host
) -> pl.DataFrame:
    begin_us = int((AS_OF - _SPAN).timestamp() * 1e6)
    start = pl.Series((begin_us + start_s * 1e6).astype("int64")).cast(RUN_SCHEMA["created_at"])
    length = pl.Series((length_s * 1e6).astype("int64"))
    known = {
        "entity": pl.Series(["lab"] * len(run_id)),
        "project": pl.Series(project),
        "run_id": pl.Series(run_id),
        "username": pl.Series(username),
        "state": pl.Series(state.tolist()),
        "created_at": start,
        "heartbeat_at": (start.cast(pl.Int64) + length).cast(RUN_SCHEMA["heartbeat_at"]),
        "runtime_s": length.cast(pl.Float64) / 1e6,
        "group_name": pl.Series(group, dtype=pl.String),
        "sweep": pl.Series(sweep, dtype=pl.String),
        "config_hash": pl.Series(config),
        "source": pl.Series(["api"] * len(run_id)),
    }
    writer = pl.struct(
        start="created_at",
        host=pl.lit(pl.Series(host)),
        gpu_type=pl.lit("NVIDIA H100"),
        gpu_count=pl.lit(8, pl.Int64),
        runtime_s=pl.lit(None, pl.Float64),
        heartbeat_at=pl.lit(None, RUN_SCHEMA["heartbeat_at"]),
        last_metric_at=pl.lit(None, RUN_SCHEMA["heartbeat_at"]),
    )
    return (
        pl.DataFrame(known)
        .with_columns(writers=pl.concat_list(writer))
        .with_columns(
            pl.lit(None).alias(name) for name in RUN_SCHEMA if name not in (*known, "writers")
        )
        .select(pl.col(name).cast(kind) for name, kind in RUN_SCHEMA.items())
    )
