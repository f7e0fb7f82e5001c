"""Credits of a scholar: granted, spent, left, and how long that lasts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl
from polars import col

from velocity import formats
from velocity.explain.arithmetic import exact, said, total_of
from velocity.explain.explanation import Result
from velocity.explain.formulas import Part
from velocity.reading import reads

if TYPE_CHECKING:
    from datetime import date

    from velocity.explain.explanation import Total, Value
    from velocity.explain.rows import Rows

#: Metric id -> what it is worked out from.
ACCOUNT = {
    "credits_granted": ("granted",),
    "credits_spent": ("spent",),
    "credits_left": ("granted", "spent"),
    "burn_per_day": ("recent",),
    "runway_days": ("granted", "spent", "recent"),
    "exhausted_on": ("granted", "spent", "recent"),
    "balance": ("granted", "spent"),
}


def account(rows: Rows, metric: str) -> tuple[Result, ...]:
    """A figure of the ledger, or the balance at the end of the last day of the window.

    Nothing for who was neither granted nor charged anything by then.
    """
    entry = _balance(rows) if metric == "balance" else _ledger(rows)
    if entry.is_empty():
        return ()
    # What came before the window is in the balance too.
    known = rows.since_ever
    pace = rows.usual("pace")
    parts = _parts(pace["days"])
    totals = {name: total_of(parts[name], known.of(parts[name].kind)) for name in ACCOUNT[metric]}  # type: ignore[arg-type]
    runway, steps = _worked_out(totals, pace["days"])
    value: Value = runway
    if metric == "exhausted_on":
        left = totals["granted"].value - totals["spent"].value
        value, step = _day_of(rows, left, runway, pace["century"])
        steps.append(step)
    told = tuple(said(total) for total in totals.values())
    return (Result("", (*told, *steps), value, entry[metric][0], tuple(totals.values())),)


def _parts(days: int) -> dict[str, Part]:
    recent = f"charged in the {days} days up to the end of the data"
    return {
        "granted": Part("granted", "credits", "grants", col("credits")),
        "spent": Part("charged, at the rate of the day", "credits", "charges", col("credits")),
        "recent": Part(recent, "credits", "recent_charges", col("credits")),
    }


def _day_of(rows: Rows, left: float, runway: float | None, century: int) -> tuple[date | None, str]:
    """The local day a runway after the end of the data."""
    if runway is None or left <= 0 or runway >= century:
        why = "nothing is left" if left <= 0 else "that is a century or never"
        return None, f"{formats.NOT_KNOWN}: {why}"
    # Not of the projects that the viewer sees: the ledger is of all of them.
    _, end, zone = reads.edge(rows.snapshot).row(0)
    day = (end + timedelta(days=runway)).astimezone(ZoneInfo(zone)).date()
    return day, f"{exact(day)} = {end:%Y-%m-%d %H:%M:%S} UTC + {exact(runway)} days, in {zone}"


def _worked_out(totals: dict[str, Total], days: int) -> tuple[float | None, list[str]]:
    """Sums by their names: what they come to, and the steps from there on."""
    if len(totals) == 1 and "recent" not in totals:
        return next(iter(totals.values())).value, []
    steps: list[str] = []
    left = burn = 0.0
    if "spent" in totals:
        granted, spent = totals["granted"].value, totals["spent"].value
        left = granted - spent
        steps.append(f"{exact(left)} credits left = {exact(granted)} - {exact(spent)}")
    if "recent" not in totals:
        return left, steps
    recent = totals["recent"].value
    burn = recent / days
    steps.append(f"{exact(burn)} credits per day = {exact(recent)} / {days}")
    if "spent" not in totals:
        return burn, steps
    if not burn:
        return None, [*steps, f"{formats.NOT_KNOWN}: {exact(left)} / 0"]
    return left / burn, [*steps, f"{exact(left / burn)} days = {exact(left)} / {exact(burn)}"]


def _ledger(rows: Rows) -> pl.DataFrame:
    ledger = rows.once(
        "ledger", lambda: reads.ledger(rows.snapshot, by="scholar", scope=rows.scope)
    )
    return ledger.filter(col("group_id") == rows.scholar)


def _balance(rows: Rows) -> pl.DataFrame:
    """The last day of the window that the data reaches."""
    days = rows.once(
        "balance", lambda: reads.balance(rows.snapshot, by="scholar", scope=rows.scope)
    )
    inside = pl.lit(value=True) if rows.to_day is None else col("day") < rows.to_day
    return days.filter((col("group_id") == rows.scholar) & inside).tail(1)
