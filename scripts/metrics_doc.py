"""Write docs/metrics.md and its pictures: `make docs`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.metrics_pictures import Picture, pictures
from velocity.queries import list_metric_queries
from velocity.reading.definitions import conventions, words
from velocity.settings import Experiments

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).resolve().parent.parent / "docs"

_START = """\
# What every figure means

<!-- Written by `make docs` from queries/ and velocity/reading/conventions.md: change those. -->

Every figure is defined once, in a file of `queries/`. This page gives its definition and formula.
`velocity explain --scholar ID --metric ID` shows the rows behind a figure and how they add up.
[adding.md](adding.md) explains how to add a figure.
If a definition depends on a setting, this page shows the default; the Definitions page of the
dashboard shows your value.
"""

_EXAMPLE = """\
The pictures show one day of one scholar: six runs of one project, without groups or configs, all
finished except r4. The data ends at 20:00.
"""

_BESIDE = """\
Each median `X_median` comes with `X_n` (the number of observations, ended or not), `X_events` (the
number that have ended), `X_low` and `X_high` (its 95 % limits) and `X_largest` (the largest
observation, ended or not).
"""

#: Term or group -> the picture below it.
_PICTURED = {"link": "experiment", "loop_core": "loop", "volume": "serial-share"}


@cache
def document() -> dict[str, str]:
    """Return path below docs/ -> content, for every generated file."""
    drawn = {picture.name: picture for picture in pictures()}
    files = {f"{name}.svg": picture.svg for name, picture in drawn.items()}
    return {"metrics.md": "\n".join(_lines(drawn)), **files}


def _lines(drawn: dict[str, Picture]) -> Iterator[str]:
    yield _START
    yield "## Conventions and choices\n"
    for title, rules in conventions(Experiments()).items():
        yield f"### {title}\n"
        yield rules
    yield "## Terms\n"
    yield _EXAMPLE
    for word in words():
        yield f"### {word.title}\n"
        yield f"{word.text}\n"
        yield from _picture(word.table, drawn)
    for group in list_metric_queries():
        yield f"## {group.title}\n"
        yield f"{group.text}\n"
        if group.group == "medians":
            yield _BESIDE
        yield f"`queries/metrics/{group.group}.sql`\n"
        yield "| id | figure | unit | meaning | formula |"
        yield "|---|---|---|---|---|"
        for metric in group.metrics:
            formula = metric.formula and f"`{metric.formula}`"
            cells = (f"`{metric.id}`", metric.title, metric.unit, metric.text, formula)
            yield f"| {' | '.join(map(_cell, cells))} |"
        yield ""
        if group.sums:
            yield "Formulas also use:\n"
            yield from (f"- `{it.id}` ({it.unit}): {it.text}" for it in group.sums)
            yield ""
        yield from _picture(group.group, drawn)


def _cell(text: str) -> str:
    """Escape `text` for a table, where a bar would end the cell."""
    return text.replace("|", r"\|")


def _picture(name: str | None, drawn: dict[str, Picture]) -> Iterator[str]:
    if name in _PICTURED:
        picture = drawn[_PICTURED[name]]
        yield f"![{picture.alt}]({picture.name}.svg)\n"


def main() -> None:
    """Write every file that changed, and print its name."""
    for name, content in document().items():
        path = DOCS / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            print(f"docs/{name} written")


if __name__ == "__main__":
    main()
