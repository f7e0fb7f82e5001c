"""Sums, and formulas over sums: the arithmetic that a metric's header states."""

import re
from dataclasses import dataclass, field

import polars as pl
from polars import col

from velocity import formats
from velocity.explain.explanation import Result, Total, Value
from velocity.explain.rows import Rows
from velocity.formats import written
from velocity.queries.metric import Metric, operands
from velocity.reading.definitions import terms

#: "1 from runs where ends_inside": amount, kind of rows, condition.
_ADDS = re.compile(r"(.+?) from (\w+)(?: where (.+))?")
_CONSTANT = re.compile(r"\w+\(\)(?:\.\w+)?")
_COUNTED = ("runs", "experiments", "loops", "tokens")


def day_words(name: str) -> pl.Expr:
    """A column of days in words: "5 Jan 2026"."""
    return col(name).dt.strftime("%-d %b %Y")


_ON_DAY = pl.format("{} on {}", col("name"), day_words("day"))
#: Kind of rows -> the name of a row, and the column with its instant or day.
_NAMED = {
    "runs": (col("name"), "started_at"),
    "sessions": (pl.format("{}, session {}", "name", "session"), "started_at"),
    "experiments": (col("name"), "started_at"),
    "loops": (col("label"), "started_at"),
    "chains": (col("experiments").list.join(" \u2192 "), "started_at"),
    "stretches": (
        pl.format("experiments in flight: {}, runs: {}", "experiments", "runs"),
        "started_at",
    ),
    "days": (day_words("day"), "day"),
    "charges": (_ON_DAY, "started_at"),
    "recent_charges": (_ON_DAY, "day"),
    "tokens": (pl.format("{}, {}", "name", "model"), "day"),
    "grants": (pl.format("grant to {}", "target"), "day"),
    "idle": (col("host"), "started_at"),
    "allocated": (_ON_DAY, "started_at"),
    "gaps": (pl.format("{} to {}", day_words("from_day"), day_words("to_day")), "from_day"),
    "weeks": (pl.format("week of {}", day_words("week_start")), "week_start"),
}


@dataclass
class Arithmetic:
    """Works out metrics of `rows`; keeps each sum, and each step in words."""

    rows: Rows
    totals: list[Total] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    _values: dict[str, float | None] = field(default_factory=dict)

    def value(self, metric: Metric) -> float | None:
        """The value of a sum or a formula; its operands come first, each once."""
        if metric.id not in self._values:
            self._values[metric.id] = self._formula(metric) if metric.formula else self._sum(metric)
        return self._values[metric.id]

    def result(self, value: Value, headline: Value) -> Result:
        """The group's own result, with the steps so far."""
        return Result("", tuple(self.steps), value, headline, tuple(self.totals))

    def _sum(self, metric: Metric) -> float:
        matched = _ADDS.fullmatch(metric.largest or metric.adds)
        if matched is None:
            raise ValueError(f"{metric.id}: neither a formula nor 'AMOUNT from ROWS'")
        amount, kind, condition = matched.groups()
        rows = self.rows.of(kind)
        if condition is not None:
            rows = rows.filter(pl.sql_expr(condition))
        title, largest = formats.mid_sentence(metric.title), bool(metric.largest)
        total = total_of(kind, rows, pl.sql_expr(amount), metric.unit, title, largest=largest)
        self.totals.append(total)
        self.steps.append(total.step)
        return round(total.value) if metric.unit in _COUNTED else total.value

    def _formula(self, metric: Metric) -> float | None:
        values = {it: self.value(terms()[it]) for it in operands(metric.formula, terms())}
        value: float | None = self.rows.evaluate(metric.formula, values)
        shown = _CONSTANT.sub(lambda it: written(self.rows.evaluate(it[0])), metric.formula)
        for name, number in values.items():
            shown = re.sub(rf"\b{name}\b", lambda _, number=number: written(number), shown)  # type: ignore[misc]
        title = formats.mid_sentence(metric.title)
        how = f"{formats.NOT_KNOWN} ({shown})" if value is None else f"{written(value)} = {shown}"
        self.steps.append(f"{how}: {title}")
        return value


def total_of(
    kind: str, rows: pl.DataFrame, amount: pl.Expr, unit: str, text: str, *, largest: bool = False
) -> Total:
    """The sum, or the largest, of an amount of each row.

    Rows of several scholars are named with their scholar.
    """
    what, at = _NAMED[kind]
    if "scholar" in rows.columns and rows["scholar"].n_unique() > 1:
        whose = "scholar_name" if "scholar_name" in rows.columns else "scholar"
        what = pl.format("{}: {}", whose, what)
    addends = rows.select(what=what, at=col(at), amount=amount.cast(pl.Float64))
    addends = addends.drop_nulls("amount")
    amounts = addends["amount"]
    value = float(amounts.max() or 0) if largest else float(amounts.sum())  # type: ignore[arg-type]
    return Total(kind, text, unit, value, addends, largest)
