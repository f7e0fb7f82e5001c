"""Why this number: the figure in words, and how many rows it rests on."""

from datetime import date

from velocity import formats
from velocity.explain import Explanation, Result
from velocity.sentences.answer import Answer, fitting, joined, name

#: Rows that can be counted; other rows are pieces of experiments.
_NOUNS = {"runs": "run", "experiments": "experiment", "loops": "loop", "charges": "charge"}


def why_this_number(found: Explanation, result: Result | None, who: str) -> Answer:
    """The figure with its unit, group and window; below, how many rows it rests on.

    `result` is one of the explanation's, None without any. `who` is the name of the scholar or
    stream, or "the programme".
    """
    headline = found.nothing if result is None else _headline(found, result, who)
    runs, experiments, loops = (
        formats.plural(getattr(found, f"{noun}s").height, noun)
        for noun in ("run", "experiment", "loop")
    )
    noted = "Nothing is excluded, imputed or flagged."
    if count := found.left_out.height:
        noted = f"{formats.plural(count, 'note')} below on what is excluded, imputed or flagged."
    return Answer(headline, joined(f"From {runs}, {experiments} and {loops}.", noted))


def _headline(found: Explanation, result: Result, who: str) -> str:
    ends = [f" for {name(who, limit)} {_window(found)}." for limit in (32, 16, 8)]
    title, of = formats.markdown(found.metric.title), result.title or result.of
    titles = [f"{title} of {name(of, limit)}" for limit in (48, 24, 12)] if of else [title]
    value = "not known"
    if result.headline is not None:
        value = f"{_worded(found, result, result.headline)}{_sample(found, result)}"
    elif result.latencies is not None:
        events = int(result.latencies["event"].sum())
        if events < formats.MEDIAN_EVENTS:
            kinds = {"first_row": "run", "recovery": "recovered failure"}
            of_kind = (it for start, it in kinds.items() if found.metric.id.startswith(start))
            return formats.too_few(events, next(of_kind, "loop"))
        if found.metric.unit == "hours":
            return fitting(f"{title}: never reached{ends[1]}", f"{title}: never reached.")
    every = [f"{whole}: {value}{end}" for whole in titles for end in ends]
    return fitting(*every, f"{titles[-1]}: {value}.")


def _window(found: Explanation) -> str:
    window = found.window
    if window is None:
        return "at the end of the data" if found.at_end else "in all the data"
    if found.at_end:
        return f"at the end of {formats.dated(window.last)}"
    if window.is_week:
        return f"in the {formats.week(window.first)}"
    return f"from {window.words}" if window.days > 1 else f"on {window.words}"


def _worded(found: Explanation, result: Result, value: float | date) -> str:
    unit = found.metric.unit
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{formats.day(value)} {value.year}"
    if unit in {"hours", "share"}:
        is_sum = unit == "hours" and result.latencies is None and not found.at_end
        return formats.hours_in_all(value) if is_sum else formats.figure(value, unit)
    if isinstance(value, int):
        noun = unit.removesuffix("s")
        return f"{formats.count(value)} {unit}" if noun == unit else formats.plural(value, noun)
    if unit in {"GPU-hours", "credits"}:
        return formats.rate(value, unit.removesuffix("s"))
    number = f"{value:,.2f}".replace("-", formats.MINUS)
    return number if unit == "ratio" else f"{number} {unit}"


def _sample(found: Explanation, result: Result) -> str:
    """N of the latencies, or of the whole of a share; "" for counts and sums."""
    if result.latencies is not None:
        return f" ({formats.sample(result.latencies.height, result.noun)})"
    if len(result.totals) < 2 or found.at_end:  # noqa: PLR2004 - nothing below the line
        return ""
    part, *_, over = result.totals
    over = part if over.kind == "days" else over
    if over.kind in _NOUNS:
        return f" ({formats.sample(over.addends.height, _NOUNS[over.kind])})"
    if over.kind == "weeks":
        return f" ({formats.sample(part.addends.height, 'week')})"
    inside = found.experiments.filter(found.experiments["hours_inside"] > 0).height
    return f" ({formats.sample(inside, 'experiment')})"
