"""A first version in pandas: linking, busy and serial hours, loops and weekly medians.

Simple row loops over groups, and only the core of what the store derives (no resumed sessions,
limits, streams or GPUs), so the comparison favours pandas.
"""

from __future__ import annotations

import pandas as pd
import polars as pl

_TOGETHER, _GAP = pd.Timedelta(minutes=2), pd.Timedelta(seconds=60)


def figures_in_pandas(runs: pl.DataFrame) -> pd.DataFrame:
    """One row per scholar and week: busy and serial hours, median loop."""
    frame = pd.DataFrame(
        runs.select(
            "username",
            "project",
            "group_name",
            "sweep",
            "config_hash",
            "state",
            pl.col("writers").list.first().struct.field("start").alias("started_at"),
            "heartbeat_at",
        )
        .with_columns(pl.col("started_at", "heartbeat_at").dt.replace_time_zone(None))
        .to_dict(as_series=False)
    ).sort_values("started_at")
    rows = []
    for scholar, own in frame.groupby("username"):
        experiments = []
        for _, line in own.groupby("project"):
            starts = sorted(_experiments(line))
            experiments.extend(starts)
            loops = _loops(starts)
            rows.extend(
                {"scholar": scholar, "week": start.to_period("W"), "loop": hours}
                for start, hours in loops
            )
        rows.extend(
            {"scholar": scholar, "week": day.to_period("W"), "busy": busy, "serial": serial}
            for day, busy, serial in _sweep(experiments)
        )
    table = pd.DataFrame(rows)
    return table.groupby(["scholar", "week"]).agg(
        busy=("busy", "sum"), serial=("serial", "sum"), loop=("loop", "median")
    )


def _experiments(line: pd.DataFrame) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    found: list[list[pd.Timestamp]] = []
    for _, group in line.groupby(["sweep", "group_name"], dropna=False):
        previous = None
        for run in group.itertuples():
            joins = previous is not None and (
                (
                    previous.heartbeat_at > run.started_at
                    and (
                        run.started_at - previous.started_at <= _TOGETHER
                        or run.config_hash == previous.config_hash
                    )
                )
                or (
                    previous.state != "killed"
                    and pd.Timedelta(0) <= run.started_at - previous.heartbeat_at <= _GAP
                )
            )
            if joins:
                found[-1][1] = max(found[-1][1], run.heartbeat_at)
            else:
                found.append([run.started_at, run.heartbeat_at])
            previous = run
    return [(start, end) for start, end in found]


def _loops(
    spans: list[tuple[pd.Timestamp, pd.Timestamp]],
) -> list[tuple[pd.Timestamp, float]]:
    starts = pd.Series([start for start, _ in spans])
    loops = []
    for start, end in spans:
        place = starts.searchsorted(end)
        if place < len(starts):
            loops.append((start, (starts[place] - start).total_seconds() / 3600))
    return loops


def _sweep(
    spans: list[tuple[pd.Timestamp, pd.Timestamp]],
) -> list[tuple[pd.Timestamp, float, float]]:
    events = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    active, last, out = 0, None, []
    for moment, change in events:
        if active and moment > last:
            hours = (moment - last).total_seconds() / 3600
            out.append((last, hours, hours if active == 1 else 0.0))
        active, last = active + change, moment
    return out
