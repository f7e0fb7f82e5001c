"""velocity explain: one figure, from the raw rows to the headline."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl
import typer

from velocity import formats
from velocity.api.arguments import check_scholar
from velocity.cli.options import (
    OUT,
    SCHOLAR,
    STREAM,
    Actor,
    Places,
    actor_option,
    day_option,
    option,
)
from velocity.cli.output import cell, draw_table, form_of, json_text, width_of, write_bytes
from velocity.explain import Explanation, Result, explain as explained, sections
from velocity.reading.periods import Window, whole_week
from velocity.store import latest_snapshot

#: Rows of a table that are printed; JSON has all of them.
_SHOWN = 40
_LONGEST = 72  # characters of a name within a sentence
_INDENT = "  "


def explain(
    places: Places,
    *,
    metric: str = option("ID", "An id from docs/metrics.md.", default=...),
    scholar: str | None = SCHOLAR,
    stream: str | None = STREAM,
    week: date | None = day_option("Monday of a week, such as 2026-01-05. Default: all the data."),
    actor: Actor = actor_option("person"),
    form: Literal["table", "json"] | None = option(
        None,
        "table is for people; json holds every row, unrounded. "
        "Default: the extension of --out, else table.",
        "--format",
    ),
    out: Path | None = OUT,
) -> None:
    """Show the rows behind a figure and how they add up.

    The figure is a scholar's, a stream's or, without either, the programme's. Shows the raw rows
    and their classes, sessions, experiments with the rule that joined each run, loops, rows that
    are excluded, imputed or flagged, and the arithmetic that ends in the figure.
    """
    chosen = form_of(form, out, {".json": "json"}, "table")
    if scholar is not None and stream is not None:
        raise typer.BadParameter("--scholar and --stream cannot be used together")
    snapshot = latest_snapshot(places.data)
    if scholar is not None:
        check_scholar(snapshot, scholar)
    window = None if week is None else _week(week)
    found = explained(
        snapshot, scholar=scholar, stream=stream, metric=metric, window=window, actor=actor
    )
    text = as_json(found) if chosen == "json" else render_text(found, width_of(out))
    write_bytes(text.encode(), out)


def _week(monday: date) -> Window:
    if monday > date.max - timedelta(weeks=2):
        raise typer.BadParameter(f"{monday} is too late")
    week = whole_week(monday)
    if week.first != monday:
        raise typer.BadParameter(f"{monday} is not a Monday; its week begins on {week.first}")
    return week


def as_json(explanation: Explanation) -> str:
    """The explanation as JSON: every row and column, unrounded, times in UTC."""
    metric = {name: getattr(explanation.metric, name) for name in ("id", "unit", "title", "text")}
    return json_text(asdict(explanation) | {"metric": metric})


def render_text(explanation: Explanation, width: int) -> str:
    """The explanation in lines of at most `width` characters; the headline comes last.

    Where a table has a single row, words stay whole, however long.
    """
    return "\n".join(_Text(explanation, width).lines()) + "\n"


class _Text:
    def __init__(self, explanation: Explanation, width: int) -> None:
        self._it = explanation
        self._width = width
        self._sentence = partial(
            textwrap.wrap,
            width=width,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        zone = ZoneInfo(explanation.timezone)
        self._cell = partial(cell, zone=zone, time="%-d %b %Y %H:%M:%S")

    def lines(self) -> Iterator[str]:
        it = self._it
        yield from self._sentence(f"{it.metric.title} ({it.metric.id}, {it.metric.unit})")
        yield from self._sentence(it.metric.text)
        whose = formats.label(
            it.scholar or (it.stream and f"stream {it.stream}") or "the programme"
        )
        yield from self._sentence(
            f"For {whose}, {formats.plain(it.over)}; days and times in {it.timezone}; "
            f"data up to {self._cell(it.as_of)}."
        )
        for section in sections(it):
            title = f"{section.title}: {section.about}"
            yield from self._table(title, section.frame.select(section.shown), keys=section.keys)
            for words in section.words.values():
                for word, meaning in words.items():
                    yield from self._sentence(f"{_INDENT}{word}: {meaning}")
        for result in it.results:
            yield from self._arithmetic(result)
        if it.nothing:
            yield ""
            yield from self._sentence(it.nothing)

    def _arithmetic(self, result: Result) -> Iterator[str]:
        of = f" of {formats.label(result.title or result.of, _LONGEST)}" if result.of else ""
        for total in result.totals:
            how = "largest" if total.largest else "sum"
            title = f"Arithmetic{of}: {total.text} ({how} in {total.unit})"
            yield from self._table(title, total.addends)
        if result.latencies is not None:
            title = f"Arithmetic{of}: lengths of the {result.noun}s in order, and survival"
            yield from self._table(title, result.latencies.drop("what"), keys=["name"])
        yield ""
        headline = formats.written(result.headline)
        for step in (*result.steps, f"Headline: {self._it.metric.id}{of} = {headline}"):
            yield from self._sentence(step)

    def _table(self, title: str, frame: pl.DataFrame, *, keys: Sequence[str] = ()) -> Iterator[str]:
        yield ""
        yield from self._sentence(f"{title} ({formats.plural(frame.height, 'row')})")
        if frame.is_empty():
            return
        width = self._width - len(_INDENT)
        table = draw_table(frame.head(_SHOWN), keys, width=width, shown=self._cell)
        yield from textwrap.indent(table, _INDENT).splitlines()
        if frame.height > _SHOWN:
            yield f"{_INDENT}and {frame.height - _SHOWN:,} more; --format json has all of them"
