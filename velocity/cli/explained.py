"""An explanation as it is read in a terminal, and as JSON."""

from __future__ import annotations

import json
import textwrap
from dataclasses import fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from velocity import formats
from velocity.cleaning import json_escaped
from velocity.cli.tables import draw_table
from velocity.explain import sections, written
from velocity.queries.metric import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from velocity.explain import Explanation, Result

#: Rows of a table that are printed; JSON has all of them.
_SHOWN = 40
_LONGEST = 72  # characters of a name within a sentence
_INDENT = "  "


def render_text(explanation: Explanation, width: int) -> str:
    """The explanation in lines of at most `width` characters; the headline comes last.

    Text of others stands without control characters. Where a table has a row alone, its words stay
    whole, however long.
    """
    return "\n".join(_Text(explanation, width).lines()) + "\n"


def as_json(explanation: Explanation) -> str:
    """The explanation as JSON: every row and column, unrounded, times in UTC."""
    content = {field.name: getattr(explanation, field.name) for field in fields(explanation)}
    return json_escaped(json.dumps(content, default=_plain, ensure_ascii=False, indent=1)) + "\n"


class _Text:
    """The lines of an explanation."""

    def __init__(self, explanation: Explanation, width: int) -> None:
        self._it = explanation
        self._width = width
        self._zone = ZoneInfo(explanation.timezone)

    def lines(self) -> Iterator[str]:
        it = self._it
        yield from self._sentence(f"{it.metric.title} ({it.metric.id}, {it.metric.unit})")
        yield from self._sentence(it.metric.text)
        window = it.window.replace(formats.NBSP, " ")
        whose = formats.label(
            it.scholar or (it.stream and f"stream {it.stream}") or "the programme"
        )
        yield from self._sentence(
            f"For {whose}, {window}; days and times in {it.timezone}; "
            f"data up to {self._cell(it.as_of)}."
        )
        yield from self._rows()
        for result in it.results:
            yield from self._arithmetic(result)
        if it.nothing:
            yield ""
            yield from self._sentence(it.nothing)

    def _rows(self) -> Iterator[str]:
        for section in sections(self._it):
            title = f"{section.title}: {section.about}"
            yield from self._table(title, section.frame.select(section.shown), keys=section.keys)
            for words in section.words.values():
                for word, meaning in words.items():
                    yield from self._sentence(f"{_INDENT}{word}: {meaning}")

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
        for step in result.steps:
            yield from self._sentence(step)
        yield from self._sentence(
            f"Headline: {self._it.metric.id}{of} = {written(result.headline)}"
        )

    def _table(self, title: str, frame: pl.DataFrame, *, keys: Sequence[str] = ()) -> Iterator[str]:
        yield ""
        yield from self._sentence(f"{title} ({formats.plural(frame.height, 'row')})")
        if frame.is_empty():
            return
        width = self._width - len(_INDENT)
        table = draw_table(frame.head(_SHOWN), keys, width=width, written=self._cell)
        yield from textwrap.indent(table, _INDENT).splitlines()
        if frame.height > _SHOWN:
            yield f"{_INDENT}and {frame.height - _SHOWN:,} more; --format json has all of them"

    def _sentence(self, text: str) -> Iterator[str]:
        yield from textwrap.wrap(
            text,
            self._width,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _cell(self, value: Any) -> str:
        match value:
            case None:
                return ""
            case datetime():
                return f"{value.astimezone(self._zone):%-d %b %Y %H:%M:%S}"
            case bool() | float() | int() | date():
                return written(value)
        text = str(value)
        return formats.label(text, len(text))


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, pl.DataFrame):
        return value.to_dicts()
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Metric):
        return {name: getattr(value, name) for name in ("id", "unit", "title", "text")}
    return {field.name: getattr(value, field.name) for field in fields(value)}
