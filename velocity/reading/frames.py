"""Frames for charts and tables, made from the frames of `velocity.reading.reads`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping


Row = dict[str, Any]
TIMELINE_DAYS = 7
_LINE = ["scholar", "entity", "project"]


def ends_now(ledgers: pl.DataFrame) -> pl.DataFrame:
    """Returns `reads.ledger` with the columns of `reads.runs_out`, for groups with grants."""
    return ledgers.filter(pl.col("credits_granted") > 0).select(
        "group_id",
        "credits_left",
        "burn_per_day",
        runs_out_on="exhausted_on",
        runs_out_on_week_pace="exhausted_on_7d",
    )


def named_ends(
    ends: pl.DataFrame, seen: pl.DataFrame, ledgers: pl.DataFrame, names: Mapping[str, str]
) -> pl.DataFrame:
    """Returns when the credits of streams end, in roster order.

    Args:
        ends: `reads.runs_out` by stream, or `ends_now`.
        seen: `reads.runs_out` of a week before.
        ledgers: `reads.ledger` by stream.
        names: stream -> name, in roster order; others are left out.

    Returns:
        The rows of `ends` with `name`, `seen_before`, and `or_sooner`: whether there are hours
        whose GPUs are not known, so that more may be spent than is known.
    """
    rows = pl.DataFrame(
        {"group_id": list(names), "name": list(names.values())},
        schema={"group_id": pl.String, "name": pl.String},
    )
    unknown = ledgers.select("group_id", or_sooner=pl.col("unpriced_hours_so_far") > 0)
    known = rows.join(ends, on="group_id", how="inner", maintain_order="left")
    for frame in (seen.select("group_id", seen_before="runs_out_on"), unknown):
        known = known.join(frame, on="group_id", how="left", maintain_order="left")
    return known


def strips(figures: Mapping[str, Any], bands: pl.DataFrame) -> pl.DataFrame:
    """Returns the scholar's figures with the quartiles of the others.

    Args:
        figures: the scholar's row of `reads.metrics` of the last four whole weeks.
        bands: `reads.bands`.
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
