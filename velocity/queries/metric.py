"""The definition of a metric in a query header, and the SQL composed from it.

A metric is a sum from the body of its query, a formula over such sums, or a Kaplan-Meier median.
Bodies return hours as whole microseconds, in a column with `us` instead of the `hours` of the
metric's id, so that ratios divide integers.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

_IDENTIFIER = re.compile(r"(?<![\w.])[a-z]\w*\b(?!\()")
_DIVISOR = re.compile(r"/ (\w+)")
_HOURS = ("hours", "GPU-hours")

#: The suffixes of a median's columns, in order.
_OF_MEDIANS = ("n", "events", "median", "low", "high", "largest")


@dataclass(frozen=True)
class Metric:
    """A figure that a query defines."""

    id: str  # column name
    unit: str  # hours, share, runs or another unit
    title: str  # the name that people read
    text: str  # the definition in words
    shown: bool = True  # whether it is a column of its own, or only an operand (`sum:`)
    formula: str = ""  # over ids of the same query ("serial_hours / busy_hours"); "" for a sum
    low: str = ""  # formula of its lower 95 % limit; "" for none
    high: str = ""  # formula of its upper 95 % limit; "" for none
    adds: str = ""  # addends of a sum, as "AMOUNT from ROWS where CONDITION", for `explain`
    largest: str = ""  # the same for a figure that is the largest of the amounts
    median: str = ""  # of a Kaplan-Meier median: measure of queries/macros/latency_of.sql
    noun: str = ""  # of a median: the name of one observation
    #: What a group did in a week above its usual range, as the rest of a sentence; "" for a metric
    #: without a weekly series.
    above: str = ""
    below: str = ""  # the same for a week below the range
    rank: int = 0  # the order in which shifts of the same week are reported
    restated: bool = False  # changes of past weeks are recorded although it has no weekly series
    compared: bool = False  # pages show the quartiles of the cohort
    lasting: bool = False  # its weekly series is searched for a lasting change
    #: It is made of the hours of a scholar's day, or tells hours off: only the scholar sees it, and
    #: `explain` refuses it to others.
    private: bool = False

    @property
    def weekly(self) -> bool:
        """Whether it has a weekly series with a usual range."""
        return bool(self.above)

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum: 0, and not unknown, if nothing happened."""
        return not (self.formula or self.median)

    @property
    def base(self) -> str:
        """The id to which suffixes such as `_low` are added."""
        return self.id.removesuffix("_median") if self.median else self.id

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the metric: its own, and those of its limits and counts, in order."""
        if self.median:
            return tuple(f"{self.base}_{it}" for it in _OF_MEDIANS)
        limits = (f"{self.id}_{name}" for name in ("low", "high") if getattr(self, name))
        return (self.id, *limits)

    @property
    def counted_in(self) -> str | None:
        """The column with the n of a weekly value; None for ratios."""
        if self.median:
            return f"{self.base}_n"
        return self.id if self.is_sum else None

    @property
    def in_body(self) -> str:
        """The column of the sum in the body."""
        return self.id.replace("hours", "us") if self.unit in _HOURS else self.id


def with_attribute(metric: Metric, name: str, value: str) -> Metric:
    """Return the metric with an attribute from the lines below its own, such as "formula: a / b".

    Raises:
        ValueError: there is no such attribute.
    """
    if name == "weekly":
        rank, above, below = (part.strip() for part in value.split("|"))
        return replace(metric, rank=int(rank), above=above, below=below)
    if name == "median":
        measure, noun = (part.strip() for part in value.split("|"))
        return replace(metric, median=measure, noun=noun)
    if name in {"restated", "compared", "lasting", "private"}:
        return replace(metric, **{name: True})  # type: ignore[arg-type]
    if name in {"formula", "low", "high", "adds", "largest"}:
        return replace(metric, **{name: value})  # type: ignore[arg-type]
    raise ValueError(f"{metric.id}: no attribute '{name}'")


def operands(formula: str, known: Mapping[str, Metric]) -> list[str]:
    """Return the ids of metrics and sums in a formula, each once, in order."""
    return list(dict.fromkeys(it for it in _IDENTIFIER.findall(formula) if it in known))


def formula_sql(formula: str, names: Mapping[str, str]) -> str:
    """Return the formula with other names for its operands; a division by 0 gives null."""
    guarded = _DIVISOR.sub(lambda it: f"/ nullif({it[1]}, 0)" if it[1] in names else it[0], formula)
    return _IDENTIFIER.sub(lambda it: names.get(it[0], it[0]), guarded)


def composed(keys: Sequence[str], metrics: Iterable[Metric], body: str) -> str:
    """Compose the query of the metrics from a body with sums, or with medians by measure.

    Args:
        keys: the columns that identify a row.
        metrics: the metrics and sums of the header.
        body: one SELECT with the keys and a column for each sum; or, for medians, with the keys,
            `measure` and the columns of a median.
    """
    metrics = list(metrics)
    names = {it.id: f"body.{it.in_body}" for it in metrics if it.is_sum or not it.shown}
    columns = [f"body.{key}" for key in keys]
    columns += [column for metric in metrics if metric.shown for column in _columns(metric, names)]
    group = "\nGROUP BY ALL" if any(it.median for it in metrics) else ""
    listed = ",\n  ".join(columns)
    return f"SELECT\n  {listed}\nFROM (\n{body}\n) AS body{group}\nORDER BY {', '.join(keys)}"


def _columns(metric: Metric, names: Mapping[str, str]) -> Iterator[str]:
    if metric.median:
        for name in _OF_MEDIANS:
            # FILTER would copy a row of all columns for each of them, which takes half of the time.
            of = f"CASE WHEN body.measure = '{metric.median}' THEN body.\"{name}\" END"
            yield f"max({of}) AS {metric.base}_{name}"
        return
    value = names[metric.id] if metric.is_sum else f"({formula_sql(metric.formula, names)})"
    scale = " / hour_us()" if metric.unit in _HOURS else ""
    yield f"{value}{scale} AS {metric.id}"
    for limit in ("low", "high"):
        if formula := getattr(metric, limit):
            yield f"{formula_sql(formula, names)} AS {metric.id}_{limit}"


def macros_of(metrics: Iterable[Metric]) -> Iterator[str]:
    """Yield macros with the facts of the headers, for queries; each is one CREATE statement."""
    metrics = list(metrics)
    weekly = [it for it in metrics if it.weekly]
    restated = [it for it in metrics if it.weekly or it.restated]
    lists: dict[str, list[str | None]] = {
        "weekly_measures": [it.id for it in weekly],
        "weekly_counts": [it.counted_in for it in weekly if it.median],
        "restated_measures": [it.id for it in restated],
        "summed_measures": [it.id for it in restated if it.is_sum],
        "compared_measures": [it.id for it in metrics if it.compared],
        "lasting_measures": [it.id for it in metrics if it.lasting],
    }
    for name, ids in lists.items():
        listed = ", ".join(f"'{it}'" for it in ids)
        yield f"CREATE OR REPLACE MACRO {name}() AS [{listed}]"
    maps: dict[str, dict[str, str | None]] = {
        "unit_of": {it.id: it.unit for it in weekly},
        "counted_in": {it.id: it.counted_in for it in weekly},
    }
    for name, values in maps.items():
        cases = " ".join(f"WHEN '{it}' THEN '{value}'" for it, value in values.items() if value)
        yield f"CREATE OR REPLACE MACRO {name}(id) AS CASE id {cases} END"
    for metric in metrics:
        if metric.formula:
            # A macro of its operands, in order of appearance.
            taken = list(dict.fromkeys(_IDENTIFIER.findall(metric.formula)))
            formula = formula_sql(metric.formula, {it: it for it in taken})
            yield f"CREATE OR REPLACE MACRO {metric.id}({', '.join(taken)}) AS {formula}"
