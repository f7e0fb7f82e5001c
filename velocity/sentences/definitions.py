"""Definitions: every figure, term and convention as an entry that can be searched."""

from collections.abc import Iterator
from typing import NamedTuple

from velocity import explain
from velocity.queries import list_metric_queries
from velocity.queries.metric import Metric
from velocity.reading import definitions
from velocity.reading.definitions import conventions
from velocity.settings import Experiments

_THREE = ("throughput_per_week", "serial_share", "loop_hours_median")


class Entry(NamedTuple):
    """A heading ("" for none), its anchor ("" for none), and the Markdown below it."""

    title: str
    anchor: str
    text: str


class Section(NamedTuple):
    """Some entries under a title and an introduction."""

    title: str
    text: str
    entries: list[Entry]


def three_measures() -> str:
    """Links to what the pages are about: throughput, serial or parallel, and the feedback loop."""
    metrics = definitions.metrics()
    links = (f"[{metrics[it].title}](#{it})" for it in _THREE)
    return f"The three measures of the pages: {' · '.join(links)}"


def found(settings: Experiments, asked: str, *, explains: bool) -> list[Section]:
    """The sections with the entries that have all the words that were asked for, in any order.

    `explains`: whether figures link to the rows behind them.
    """
    words = asked.lower().split()

    def has(*texts: str) -> bool:
        whole = " ".join(texts).lower()
        return all(it in whole for it in words)

    return [
        Section(title, text, left)
        for title, text, entries in _sections(settings, explains=explains)
        if (left := [it for it in entries if has(title, text, *it)])
    ]


def _sections(settings: Experiments, *, explains: bool) -> Iterator[Section]:
    terms = [Entry(it.title, str(it.table), it.text) for it in definitions.words()]
    yield Section("Terms", "", terms)
    known = set(explain.explained()) if explains else set()
    for group in list_metric_queries():
        figures = [_entry(it, why=it.id in known) for it in group.metrics]
        sums = [_entry(it, shown=False) for it in group.sums]
        yield Section(group.title, group.text, figures + sums)
    for title, rules in conventions(settings).items():
        yield Section(title, "", [Entry("", "", rules)])


def _entry(metric: Metric, *, shown: bool = True, why: bool = False) -> Entry:
    where = "" if shown else ", only in formulas"
    formula = f" Formula: `{metric.formula}`." if metric.formula else ""
    rows = f" [Rows behind it](why?metric={metric.id})" if why else ""
    named = f":small[`{metric.id}`, {metric.unit}{where}]"
    return Entry(metric.title, metric.id, f"{metric.text}{formula} {named}{rows}")
