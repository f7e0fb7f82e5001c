"""Figures of `reads.metrics`: sums, their ratios, and medians, with the headline beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.explain.arithmetic import median_worked_out, total_of, worked_out
from velocity.explain.explanation import Result
from velocity.explain.formulas import FORMULAS, LATENCIES, NOUNS
from velocity.queries import list_metric_queries

if TYPE_CHECKING:
    import polars as pl

    from velocity.explain.formulas import Part
    from velocity.explain.rows import Rows


def summed(rows: Rows, metric: str) -> tuple[Result, ...]:
    """The figure of the scholar.

    Raises:
        VelocityError: the scholar has no data in the window.
    """
    part = next(q.group for q in list_metric_queries() for m in q.metrics if metric in m.columns)
    headline = rows.figures(part)[metric]
    if metric in LATENCIES:
        measure, figure = LATENCIES[metric]
        latencies = rows.latencies(measure)
        noun = NOUNS[measure]
        value, steps = median_worked_out(figure, latencies, noun)
        return (Result("", steps, value, headline, latencies=latencies, noun=noun),)
    formula = FORMULAS[metric]
    parts = (formula.part, formula.over)
    totals = tuple(total_of(part, _rows(rows, part)) for part in parts if part is not None)
    value, steps = worked_out(formula, totals, rows.limits)
    return (Result("", steps, value, headline, totals),)


def _rows(rows: Rows, part: Part) -> pl.DataFrame:
    return rows.loops() if part.kind == "loops" else rows.of(part.kind)  # type: ignore[arg-type]
