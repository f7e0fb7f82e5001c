"""Events of the roster in words: notes, holidays, grants and moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.weeks import Event

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    import polars as pl

_WORDS = {
    "holiday": "holiday, {}",
    "grant": "credits granted to {}",
    "move": "moved to {}",
}
_MOST, _LONGEST, _LONGEST_NAME = 4, 60, 24


def events(rows: pl.DataFrame) -> tuple[Event, ...]:
    """Rows of `reads.notes` of one group as events; a holiday once a week."""
    found = [
        Event(row["week_start"], row["day"], _WORDS.get(row["about"], "{}").format(row["text"]))
        for row in rows.iter_rows(named=True)
    ]
    return tuple({(it.week, it.text): it for it in reversed(found)}.values())[::-1]


def caption(by_group: Mapping[str, Sequence[Event]], weeks: Collection[date]) -> str:
    """The events of these weeks as Markdown: "▲ 22 Sep: Cluster down"; "" without any.

    Events that do not concern every group have the name of their group, the key.
    """
    of_all = set.intersection(*(set(it) for it in by_group.values())) if by_group else set()
    told = {
        (event.day, _called(name, event, of_all))
        for name, found in by_group.items()
        for event in found
        if event.week in weeks
    }
    said = [f"▲{formats.NBSP}{formats.day(day)}: {text}" for day, text in sorted(told)]
    if len(said) > _MOST:
        said = [
            f"▲{formats.NBSP}{formats.plural(len(said) - _MOST, 'earlier event')}",
            *said[-_MOST:],
        ]
    return " · ".join(said)


def _called(name: str, event: Event, of_all: Collection[Event]) -> str:
    text = formats.markdown(formats.label(event.text, _LONGEST))
    whose = formats.markdown(formats.label(name, _LONGEST_NAME))
    return text if event in of_all or whose in text else f"{whose}, {text}"
