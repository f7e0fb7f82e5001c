"""Which groups moved beyond their usual range in a week, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.reading.definitions import definition, metrics
from velocity.reading.series import signal_rows
from velocity.sentences.answer import few_of
from velocity.sentences.weeks import written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from typing import Any


@dataclass(frozen=True)
class Signals:
    """What a week's values say against each group's usual range.

    Args:
        moved: group -> (measure, whether above) of its signals, what tells most first.
        checked: groups with a usual range and a value in the week.
        weeks: complete weeks of the group that has most.
    """

    moved: dict[str, list[tuple[str, bool]]]
    checked: frozenset[str]
    weeks: int

    @classmethod
    def of(cls, weekly: pl.DataFrame, week: date) -> Signals:
        """The signals of one complete week of `reads.weekly`."""
        complete = weekly.filter(~pl.col("running"))
        here = complete.filter((pl.col("week_start") == week) & pl.col("limit_low").is_not_null())
        moved: dict[str, list[tuple[str, bool]]] = {}
        for row in sorted(
            here.filter("signal").iter_rows(named=True),
            key=lambda row: (row["group_id"], metrics()[row["measure"]].rank),
        ):
            above = row["value"] > row["limit_high"]
            moved.setdefault(row["group_id"], []).append((row["measure"], above))
        weeks = complete.group_by("group_id").agg(pl.col("week_start").n_unique())["week_start"]
        return cls(moved, frozenset(here["group_id"]), int(weeks.max() or 0))  # type: ignore[arg-type]

    def words(self, group: str) -> str:
        """What a group did that moved: its first signal, and how many more there are."""
        (measure, above), *more = self.moved[group]
        metric = metrics()[measure]
        said = metric.above if above else metric.below
        return f"{said} (and {few_of(len(more), 'more signal')})" if more else said


def signals(
    weekly: Sequence[pl.DataFrame], week: date, names: Mapping[str, str]
) -> tuple[list[str], int]:
    """The signals of a week as Markdown, and how many series have limits; see `signal_rows`."""
    found, checked = signal_rows(weekly, week, names)
    return [signal_words(row, names) for row in found], checked


def no_signal_words(checked: int) -> str:
    """What stands in place of signals."""
    return "No signal this week." if checked else "No series has a usual range yet."


def checked_words(checked: int) -> str:
    """How many series were looked at: the more there are, the more chance alone will move."""
    if not checked:
        return "Usual ranges start at 8 complete weeks."
    return f"{formats.count(checked)} series were checked; everything else is ordinary variation."


def signal_words(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A signal of `reads.weekly` as Markdown: whose, what, how far beyond the usual range."""
    meaning = definition(row["measure"])
    group = formats.markdown(formats.label(names.get(row["group_id"], "Programme")))
    value, usual = signal_figures(row)
    return f"**{group}, {formats.mid_sentence(meaning.title)}: {value}.** {usual}"


def signal_figures(row: Mapping[str, Any]) -> tuple[str, str]:
    """The value of a signal, and the usual range that it is beyond, with n."""
    unit = definition(row["measure"]).unit
    low, high = (written(row[limit], unit) for limit in ("limit_low", "limit_high"))
    loops = f"; {formats.sample(row['n'], 'loop')}" if unit == "hours" else ""
    return written(row["value"], unit), f"Usual range {low} to {high}{loops}."
