"""What if: when credits would end after a change of pace, or with more of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

#: An end after this many days is not a forecast.
_CENTURY = 36_525


def ends_if(
    ends: pl.DataFrame,
    today: date,
    *,
    pace: Mapping[str, float] | None = None,
    added: Mapping[str, float] | None = None,
) -> pl.DataFrame:
    """Returns `ends` with the days on which credits would end.

    Args:
        ends: `frames.named_ends`: `group_id`, `credits_left`, `burn_per_day`, `runs_out_on`.
        today: the day of the end of the data.
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
            row["runs_out_on"] = _end(today, left, burn)
        rows.append(row)
    return pl.DataFrame(rows, schema=ends.schema)


def _end(today: date, left: float, burn: float) -> date | None:
    if left <= 0 or burn <= 0 or left / burn >= _CENTURY:
        return None
    return today + timedelta(days=int(left / burn))
