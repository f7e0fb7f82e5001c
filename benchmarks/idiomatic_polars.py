"""The core of the product in good Polars: linking, busy and serial hours, and median loops by week.

No loop over rows, one lazy plan per step, and only the core of what the store derives (no resumed
sessions, limits, streams or GPUs), so the comparison favours Polars.
"""

from __future__ import annotations

import polars as pl

_LINE = ("username", "project")
_KEY = (*_LINE, "kind", "name")
_TOGETHER, _SCRIPT, _REACTION = 2 * 60_000_000, 60_000_000, 5 * 86_400_000_000
_EARLY = 2 * 60_000_000
_LEAST_EVENTS = 6


def figures_in_polars(runs: pl.DataFrame) -> pl.DataFrame:
    """One row per scholar and week with activity.

    Returns:
        username, week, and in whole microseconds: busy, serial and loop (median, or null).
    """
    linked = _linked(_ordered(runs))
    experiments = _experiments(linked)
    return _hours(_segments(linked)).join(
        _medians(_loops(experiments)), on=["username", "week"], how="left"
    )


def _ordered(runs: pl.DataFrame) -> pl.DataFrame:
    """The runs, numbered in the order of each key; instants in microseconds."""
    start = pl.col("writers").list.first().struct.field("start").cast(pl.Int64)
    return (
        runs.lazy()
        .select(
            *_LINE,
            "run_id",
            "state",
            config=pl.col("config_hash").cast(pl.Categorical).to_physical(),
            kind=pl.col("sweep").is_not_null(),
            name=pl.coalesce("sweep", "group_name", pl.lit("")),
            start=start,
            end=start + (pl.col("runtime_s") * 1e6).round().cast(pl.Int64),
        )
        .with_columns(key=pl.struct(_KEY).rank("dense"))
        .sort("key", "start", "run_id")
        .drop("run_id", "name")
        .with_row_index("place")
        .collect()
    )


def _linked(runs: pl.DataFrame) -> pl.DataFrame:
    """The runs with the `place` of their experiment's first run as `experiment`."""
    same = ["key", "config"]
    preempted = (pl.col("state") == "preempted").shift().over(same)
    groups = (
        runs.lazy()
        .filter(~pl.col("kind"))
        .with_columns(
            continues=(preempted & (pl.col("end").shift().over(same) <= pl.col("start"))).fill_null(
                value=False
            )
        )
        .with_columns(root=pl.when(~pl.col("continues")).then("place").forward_fill().over(same))
    )
    begun = _begun(groups.filter(~pl.col("continues")).collect())
    return pl.concat(
        [
            groups.join(begun.lazy(), on="root").drop("root", "continues").collect(),
            runs.filter(pl.col("kind")).with_columns(experiment=pl.first("place").over("key")),
        ],
        how="diagonal",
    )


def _begun(launched: pl.DataFrame) -> pl.DataFrame:
    """root, experiment: which launches of a key belong together."""
    ends = launched.filter(pl.col("state") != "killed").select("key", "end", other="place")
    at_start = ends.group_by("key", start="end").agg(pl.min("other"))
    before = launched.with_columns(just_before=pl.col("start") - 1).join_asof(
        ends.sort("key", "end").with_columns(ended="end").drop("other"),
        left_on="just_before",
        right_on="end",
        by="key",
        check_sortedness=False,
    )
    start, end, config = (pl.col(it).shift().over("key") for it in ("start", "end", "config"))
    in_flight = end > pl.col("start")
    joins = (
        (in_flight & (pl.col("start") - start <= _TOGETHER)).fill_null(value=False)
        | (in_flight & (config == pl.col("config"))).fill_null(value=False)
        | (pl.col("start") - pl.col("ended") <= _SCRIPT).fill_null(value=False)
        | (pl.col("other") < pl.col("place")).fill_null(value=False)
    )
    return (
        before.join(at_start, on=["key", "start"], how="left", maintain_order="left")
        .with_columns(experiment=pl.when(~joins).then("place"))
        .select("root", pl.col("experiment").forward_fill().over("key"))
    )


def _experiments(linked: pl.DataFrame) -> pl.DataFrame:
    """One row per experiment: its line, start, result, and whether it is a false start."""
    finished = pl.col("end").filter(pl.col("state") == "finished").sort()
    early = pl.col("state").is_in(["failed", "crashed"]) & (
        pl.col("end") - pl.col("start") <= _EARLY
    )
    return (
        linked.lazy()
        .group_by("experiment", *_LINE)
        .agg(
            pl.min("start"),
            last=pl.max("end"),
            kth=finished.get((pl.len() + 1) // 2 - 1, null_on_oob=True),
            false_start=early.all(),
        )
        .with_columns(result=pl.coalesce("kth", "last"))
        .collect()
    )


def _loops(experiments: pl.DataFrame) -> pl.DataFrame:
    """username, week, length, closed: one row per loop, censored after five days of waiting."""
    launches = experiments.group_by(*_LINE, "start").agg(pl.len()).sort("start")
    own = experiments.join(launches, on=[*_LINE, "start"]).with_columns(
        search=pl.col("result") + ((pl.col("result") == pl.col("start")) & (pl.col("len") == 1))
    )
    following = launches.select(*_LINE, next="start", at="start")
    waited = pl.col("next") - pl.col("result")
    return (
        own.filter(~pl.col("false_start"))
        .sort("search")
        .join_asof(
            following,
            left_on="search",
            right_on="at",
            by=list(_LINE),
            strategy="forward",
            check_sortedness=False,
        )
        .select(
            "username",
            week=_week("start"),
            closed=(waited <= _REACTION).fill_null(value=False),
            length=pl.col("result")
            + pl.min_horizontal(waited, pl.lit(_REACTION))
            - pl.col("start"),
        )
    )


def _medians(loops: pl.DataFrame) -> pl.DataFrame:
    """The Kaplan-Meier median of samples with at least six closed loops."""
    sample = ["username", "week"]
    at_risk = pl.len().over(sample) - pl.int_range(pl.len()).over(sample)
    return (
        loops.lazy()
        .sort(*sample, "length", pl.col("closed").not_())
        .with_columns(survival=(1 - pl.col("closed") / at_risk).cum_prod().over(sample))
        .group_by(sample)
        .agg(
            loop=pl.col("length").filter(pl.col("survival") <= 0.5 + 1e-9).min(),
            events=pl.sum("closed"),
        )
        .filter(pl.col("events") >= _LEAST_EVENTS)
        .drop("events")
        .collect()
    )


def _segments(linked: pl.DataFrame) -> pl.DataFrame:
    """username, start, end: the maximal stretches in which an experiment was active."""
    return (
        linked.lazy()
        .sort("experiment", "start", "end")
        .with_columns(reached=pl.col("end").cum_max().shift().over("experiment"))
        .with_columns(island=(pl.col("start") > pl.col("reached")).fill_null(value=True).cum_sum())
        .group_by("island")
        .agg(pl.first("username"), pl.first("start"), pl.max("end"))
        .collect()
    )


def _hours(segments: pl.DataFrame) -> pl.DataFrame:
    """Time by scholar and week in which something, or exactly one experiment, was active."""
    mondays = (
        segments.group_by("username")
        .agg(_week("start").min().alias("from"), _week("end").max().alias("to"))
        .select("username", at=pl.date_ranges("from", "to", "1w"))
        .explode("at")
        .with_columns(pl.col("at").cast(pl.Datetime("us")).cast(pl.Int64), change=0)
    )
    event = pl.concat(
        [
            segments.select("username", at="start", change=1),
            segments.select("username", at="end", change=-1),
            mondays,
        ],
        how="vertical_relaxed",
    )
    return (
        event.lazy()
        .sort("username", "at")
        .with_columns(
            active=pl.col("change").cum_sum().over("username"),
            length=pl.col("at").shift(-1).over("username") - pl.col("at"),
            week=_week("at"),
        )
        .group_by("username", "week")
        .agg(
            busy=pl.col("length").filter(pl.col("active") > 0).sum(),
            serial=pl.col("length").filter(pl.col("active") == 1).sum(),
        )
        .collect()
    )


def _week(instant: str) -> pl.Expr:
    return pl.from_epoch(instant, time_unit="us").dt.truncate("1w").dt.date()
