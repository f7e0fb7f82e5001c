"""Frames for charts and tables, made from the frames of `velocity.reading.reads`."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import polars as pl

from velocity.reading.periods import day_after

Row = dict[str, Any]
TIMELINE_DAYS = 7
#: Days over which the ledger measures the pace of spending.
PACE_DAYS = 14
#: From this runway in days on there is no forecast, as in queries/macros/pace.sql.
_CENTURY = 36_500


def worded(values: pl.Series, say: Callable[[Any], str]) -> pl.Series:
    """Returns each value in words; null stays null.

    The expression `map_elements` would call Python from Polars' own threads. These would wait for
    the interpreter while another page holds it and waits for them, in `rows` or `to_pandas`: the
    whole app would stop for good.
    """
    return pl.Series(values.name, [None if it is None else say(it) for it in values], pl.String)


def pace_days(first: date, last: date) -> int:
    """Returns how many of the days of the pace, of which `last` is the last, have data."""
    return min(max((last - first).days + 1, 0), PACE_DAYS)


def named_ends(
    ledger: pl.DataFrame, seen: pl.DataFrame, names: Mapping[str, str], *, first: date, last: date
) -> pl.DataFrame:
    """Returns when the credits of streams with grants end, in roster order.

    `ledger` is `reads.ledger` by stream, and `seen` the same as seen a week before. Streams that
    are not in `names` are left out. `first` is the first day with data, `last` the last one.

    Returns:
        `group_id`, `name`, `credits_left`, `burn_per_day`, `pace_days` (how many of the days that
        `burn_per_day` is over have data), `runs_out_on`, `runs_out_on_week_pace`
        (the day at the pace of 7 days), `or_sooner` (whether there are hours whose GPUs are not
        known: they cost nothing here, so the credits can end before the day, but not after it),
        and `seen_before` (`runs_out_on` as seen a week before).
    """
    rows = pl.DataFrame(
        {"group_id": list(names), "name": list(names.values())},
        schema={"group_id": pl.String, "name": pl.String},
    )
    ends = ledger.filter(pl.col("credits_granted") > 0).select(
        "group_id",
        "credits_left",
        "burn_per_day",
        pace_days=pl.lit(pace_days(first, last)),
        runs_out_on="exhausted_on",
        runs_out_on_week_pace="exhausted_on_7d",
        or_sooner=pl.col("unpriced_hours_so_far") > 0,
    )
    before = seen.select("group_id", seen_before="exhausted_on")
    return rows.join(ends, on="group_id", how="inner", maintain_order="left").join(
        before, on="group_id", how="left", maintain_order="left"
    )


def ends_if(
    ends: pl.DataFrame,
    as_of: datetime,
    zone: str,
    *,
    pace: Mapping[str, float] | None = None,
    added: Mapping[str, float] | None = None,
) -> pl.DataFrame:
    """Returns `ends`, a frame of `named_ends`, with the days on which credits would end.

    `pace` is the share by which the burn of a group changes, such as -0.2. `added` is the credits
    that a group gets, negative if it gives them.
    """
    rows = []
    for row in ends.iter_rows(named=True):
        group = row["group_id"]
        if group in (pace or {}) or group in (added or {}):
            left = row["credits_left"] + (added or {}).get(group, 0.0)
            burn = (row["burn_per_day"] or 0.0) * (1 + (pace or {}).get(group, 0.0))
            row = {**row, "credits_left": left, "burn_per_day": burn}  # noqa: PLW2901
            row["runs_out_on"] = _end(as_of, zone, left, burn)
        rows.append(row)
    return pl.DataFrame(rows, schema=ends.schema)


def _end(as_of: datetime, zone: str, left: float, burn: float) -> date | None:
    """The same as queries/macros/exhausted_on.sql."""
    if left <= 0 or burn <= 0 or left / burn >= _CENTURY:
        return None
    return day_after(as_of, left / burn, zone)


def strips(figures: Mapping[str, Any], bands: pl.DataFrame) -> pl.DataFrame:
    """Returns a scholar's figures of the last four whole weeks with the quartiles of the others.

    `figures` is a row of `reads.metrics`, and `bands` are `reads.bands`.
    """
    measures = (
        ("Concluded a week", "rate", "throughput_per_week"),
        ("Runs failed", "share", "failure_share"),
        ("Serial share", "share", "serial_share"),
        ("Feedback loop", "hours", "loop_hours_median"),
    )
    rows = pl.DataFrame(
        [
            {"measure": measure, "title": title, "unit": unit, "value": figures.get(measure)}
            for title, unit, measure in measures
        ],
        schema_overrides={"value": pl.Float64},
    )
    return rows.join(bands, on="measure", how="left", maintain_order="left")
