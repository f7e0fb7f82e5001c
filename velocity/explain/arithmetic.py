"""From rows to a value, with every step in words."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.explain.explanation import Total, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.explain.formulas import Figure, Formula, Part

#: Survival this little above one half is one half: floating point made the difference.
_HALF = 0.5 + 1e-9

#: Kind of rows -> what names a row, and its instant.
_WHAT = {
    "runs": (pl.col("run"), "started_at"),
    "sessions": (pl.format("{} session {}", "run", "session"), "started_at"),
    "experiments": (pl.col("experiment"), "started_at"),
    "loops": (pl.col("experiment_id"), "started_at"),
    "stretches": (pl.format("experiments {}, runs {}", "experiments", "runs"), "started_at"),
    "days": (pl.col("day").cast(pl.String), "day"),
    "charges": (pl.format("{} on {}", "run", "day"), "started_at"),
    "recent_charges": (pl.format("{} on {}", "run", "day"), "day"),
    "grants": (pl.lit("grant"), "day"),
    "gaps": (pl.format("{} to {}", "from_day", "to_day"), "from_day"),
    "weeks": (pl.format("week of {}", "week_start"), "week_start"),
}
_COUNTS = ("runs", "experiments", "loops")


def total_of(part: Part, rows: pl.DataFrame) -> Total:
    """The sum (or the largest) of what the rows add."""
    what, at = _WHAT[part.kind]
    addends = rows.select(what=what, at=pl.col(at), amount=part.amount.cast(pl.Float64)).drop_nulls(
        "amount"
    )
    amounts = addends["amount"]
    value = float(amounts.max() or 0) if part.largest else float(amounts.sum())  # type: ignore[arg-type]
    return Total(part.kind, part.text, part.unit, value, addends, part.largest)


def worked_out(
    formula: Formula,
    totals: tuple[Total, ...],
    limits: Callable[[int], tuple[float, float]],
) -> tuple[float | None, tuple[str, ...]]:
    """The value of a formula, and its steps in words, a line each."""
    over = totals[1] if formula.over is not None else None
    part = totals[0]
    steps = [said(total) for total in totals]
    amount = part.value
    if formula.limit is not None:
        low, high = limits(round(part.value))
        amount = low if formula.limit == "low" else high
        steps.append(
            f"{exact(amount)} = {'lower' if formula.limit == 'low' else 'upper'} exact Poisson "
            f"95 % limit of {exact(part.value)}"
        )
    if over is None:
        return (round(amount) if part.unit in _COUNTS else amount), tuple(steps)
    if not over.value:
        steps.append(f"{formats.NOT_KNOWN}: {exact(amount)} / 0")
        return None, tuple(steps)
    value = amount / over.value
    before = ""
    if formula.complement:
        value, before = 1 - value, "1 - "
    steps.append(f"{exact(value)} = {before}{exact(amount)} / {exact(over.value)}")
    return value, tuple(steps)


def median_worked_out(
    figure: Figure, rows: pl.DataFrame, noun: str
) -> tuple[float | None, tuple[str, ...]]:
    """A figure of a Kaplan-Meier curve, and its steps in words.

    Args:
        figure: which.
        rows: as in `ROW_SCHEMAS["latencies"]`, shortest first.
        noun: what each row is the length of.
    """
    n, events = rows.height, int(rows["event"].sum())
    seen = f"{with_unit(n, f'{noun}s')}, shortest first"
    ended = f"{exact(events)} of them ended, {exact(n - events)} only seen so far"
    if figure == "events":
        return events, (seen, ended)
    steps = [f"{seen}; {ended}"]
    if figure == "n":
        return n, tuple(steps)
    largest: float | None = rows["hours"].max()  # type: ignore[assignment]
    if figure == "largest":
        none = f"{formats.NOT_KNOWN}: there is no observation"
        steps.append(f"{exact(largest)} hours = the largest" if n else none)
        return largest, tuple(steps)
    if events < formats.MEDIAN_EVENTS:
        steps.append(f"{formats.NOT_KNOWN}: medians start at {formats.MEDIAN_EVENTS} events")
        return None, tuple(steps)
    curve, words = {
        "median": ("survival", "survival"),
        "low": ("survival_low", "the lower limit of survival"),
        "high": ("survival_high", "the upper limit of survival"),
    }[figure]
    limit = _HALF if figure == "median" else 0.5
    reached = rows.filter(pl.col(curve) <= limit).head(1)
    if reached.is_empty():
        steps.append(
            f"{formats.NOT_KNOWN}: {words} never comes down to one half; "
            f"the largest is {exact(largest)} hours"
        )
        return None, tuple(steps)
    value = float(reached["hours"][0])
    steps.append(
        f"{with_unit(value, 'hours')} = the smallest length at which {words} is at most one half "
        f"({exact(reached[curve][0])}, {reached['at_risk'][0]} at risk)"
    )
    return value, tuple(steps)


def exact(value: Value) -> str:
    """A number to six decimals, whole where it is; a day; yes, no and not known in words."""
    if value is None:
        return formats.NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:,.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def said(total: Total) -> str:
    """A total as a step: its value, from how many rows, and what was added up."""
    rows = formats.plural(total.addends.height, "row")
    how = "the largest of" if total.largest else "from"
    return f"{with_unit(total.value, total.unit)} ({how} {rows}) {total.text}"


def with_unit(value: float, unit: str) -> str:
    """A number and its unit: "1 run", "2.5 hours"."""
    return f"{exact(value)} {unit.removesuffix('s') if value == 1 else unit}"
