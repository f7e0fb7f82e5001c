"""How much a derivation changed in weeks that were over; its rows stand in order, and for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velocity.database.connection import LiveStore


def count_restatements(store: LiveStore) -> int:
    """Figures that were restated so far."""
    return int(store.run("SELECT count(*) FROM restatement")[0][0])


def count_weeks_restated(store: LiveStore, *, since: int) -> int:
    """Weeks with a figure that was restated after the first `since`."""
    rows = store.run(
        "SELECT count(DISTINCT week_start) FROM restatement WHERE rowid >= $since",
        {"since": since},
    )
    return int(rows[0][0])
