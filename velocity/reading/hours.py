"""Times of day are for the scholar alone: everybody else gets days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from polars import selectors

if TYPE_CHECKING:
    from collections.abc import Collection


def only_days(frame: pl.DataFrame, visible: Collection[str], zone: str) -> pl.DataFrame:
    """Returns the rows with other people's instants cut to the beginning of their local day.

    Args:
        frame: rows with the id of a scholar in `scholar`.
        visible: ids of the scholars whose hours of the day may be seen.
        zone: IANA name of the programme's time zone, whose midnights begin the days.
    """
    own = pl.col("scholar").is_in(visible)
    # When a project's data ends says nothing about a person.
    instants = selectors.datetime(time_zone="*") - selectors.by_name("as_of", require_all=False)
    return frame.with_columns(pl.when(own).then(instants).otherwise(day_of(instants, zone)))


def day_of(instants: pl.Expr, zone: str) -> pl.Expr:
    """The beginning of the local day of instants, as instants in UTC."""
    days = instants.dt.convert_time_zone(zone).dt.truncate("1d")
    return days.dt.convert_time_zone("UTC")
