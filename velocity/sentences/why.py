"""Why this number: the figure in words, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.sentences.answer import ENOUGH, Answer, fitting, joined, name

if TYPE_CHECKING:
    from velocity.explain import Explanation

#: Rows that are things to count; other rows are pieces of experiments.
_NOUNS = {"runs": "run", "experiments": "experiment", "loops": "loop"}
#: Up to here hours are told to the minute; a longer sum in whole hours, never in days.
_LONG_HOURS = 48


def why_this_number(found: Explanation) -> Answer:
    """The headline with its unit, whose it is and over what; below, how many rows it comes from."""
    return Answer(_headline(found), joined(_rests_on(found), _noted(found)))


def _headline(found: Explanation) -> str:
    window = "in all the data" if found.week is None else f"in the {formats.week(found.week)}"
    for_whom = tuple(f" for {name(found.scholar, limit)} {window}." for limit in (32, 16, 8))
    title = formats.markdown(found.metric.title)
    if found.headline is not None:
        value = f"{_worded(found, found.headline)}{_sample(found)}"
        return fitting(*(f"{title}: {value}{end}" for end in for_whom), f"{title}: {value}.")
    if found.latencies is not None:
        events = int(found.latencies["event"].sum())
        if events < ENOUGH:
            return formats.too_few(events, _event(found.metric.id))
        return fitting(f"{title}: never reached{for_whom[1]}", f"{title}: never reached.")
    return fitting(*(f"{title}: not known{end}" for end in for_whom), f"{title}: not known.")


def _worded(found: Explanation, value: float) -> str:
    unit = found.metric.unit
    if unit == "share":
        return formats.share(value)
    if unit == "hours":
        long = found.latencies is None and value >= _LONG_HOURS
        return formats.hours_sum(value) if long else formats.duration(value)
    if isinstance(value, int):
        words = formats.plural(value, unit.removesuffix("s")) if unit.endswith("s") else ""
        return words or f"{formats.count(value)} {unit}"
    if unit in {"GPU-hours", "credits"}:
        return f"{formats.count(value)} {unit}"
    return f"{value:,.2f}" if unit == "ratio" else f"{value:,.2f} {unit}"


def _sample(found: Explanation) -> str:
    """n, beside what is more than a count or a sum: of the lengths, or of what it is a share of."""
    if found.latencies is not None:
        return f" ({formats.sample(found.latencies.height, 'length')})"
    if len(found.totals) < 2:  # noqa: PLR2004 - nothing below the line
        return ""
    part, over = found.totals
    over = part if over.kind == "days" else over
    if over.kind in _NOUNS:
        return f" ({formats.sample(over.addends.height, _NOUNS[over.kind])})"
    inside = found.experiments.filter(found.experiments["hours_inside"] > 0).height
    return f" ({formats.sample(inside, 'experiment')})"


def _event(metric_id: str) -> str:
    if metric_id.startswith("first_row"):
        return "run"
    return "recovered failure" if metric_id.startswith("recovery") else "loop"


def _rests_on(found: Explanation) -> str:
    counts = (
        formats.plural(found.runs.height, "run"),
        formats.plural(found.experiments.height, "experiment"),
        formats.plural(found.loops.height, "loop"),
    )
    return f"From {counts[0]}, {counts[1]} and {counts[2]}."


def _noted(found: Explanation) -> str:
    if found.left_out.is_empty():
        return "Nothing is excluded, imputed or flagged."
    notes = formats.plural(found.left_out.height, "note")
    return f"{notes} below on what is excluded, imputed or flagged."
