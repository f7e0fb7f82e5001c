"""What if: when credits would end after a change of pace, or with more of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity.reading.periods import day_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

#: From this runway in days on there is no forecast, as in queries/macros/pace.sql.
_CENTURY = 36_500


def ends_if(
    ends: pl.DataFrame,
    as_of: datetime,
    zone: str,
    *,
    pace: Mapping[str, float] | None = None,
    added: Mapping[str, float] | None = None,
) -> pl.DataFrame:
    """Returns `ends` with the days on which credits would end.

    Args:
        ends: `frames.named_ends`: `group_id`, `credits_left`, `burn_per_day`, `runs_out_on`.
        as_of: the end of the data.
        zone: the time zone of the days.
        pace: group -> share by which its burn changes, such as -0.2.
        added: group -> credits that it gets, negative if it gives them.
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
