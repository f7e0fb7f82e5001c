"""Which groups moved beyond their usual range in a week, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from velocity.sentences.answer import few_of

if TYPE_CHECKING:
    from datetime import date

#: Measure of `reads.weekly` -> what a group did when above, when below; what tells most comes
#: first. The loop comes after its halves, launches after what became of them.
WORDS = {
    "reaction_hours_median": (
        "took longer than usual to react to its results",
        "reacted to its results sooner than usual",
    ),
    "machine_hours_median": (
        "waited longer than usual for its results",
        "waited less than usual for its results",
    ),
    "experiments_concluded": (
        "concluded more experiments than usual",
        "concluded fewer experiments than usual",
    ),
    "failure_share": (
        "saw a larger share of its runs fail than usual",
        "saw a smaller share of its runs fail than usual",
    ),
    "serial_share": (
        "was serial for more of its busy hours than usual",
        "was serial for less of its busy hours than usual",
    ),
    "experiment_parallelism": (
        "had more experiments in flight than usual",
        "had fewer experiments in flight than usual",
    ),
    "loop_hours_median": (
        "took longer than usual from launch to launch",
        "took less time than usual from launch to launch",
    ),
    "experiments_started": (
        "launched more experiments than usual",
        "launched fewer experiments than usual",
    ),
}
_ORDER = list(WORDS)


@dataclass(frozen=True)
class Signals:
    """What a week's values say against each group's usual range.

    Args:
        moved: group -> (measure, whether above) of its signals, in the order of `WORDS`.
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
        here = complete.filter(
            (pl.col("week_start") == week)
            & pl.col("measure").is_in(_ORDER)
            & pl.col("limit_low").is_not_null()
        )
        moved: dict[str, list[tuple[str, bool]]] = {}
        for row in sorted(
            here.filter("signal").iter_rows(named=True),
            key=lambda row: (row["group_id"], _ORDER.index(row["measure"])),
        ):
            above = row["value"] > row["limit_high"]
            moved.setdefault(row["group_id"], []).append((row["measure"], above))
        weeks = complete.group_by("group_id").agg(pl.col("week_start").n_unique())["week_start"]
        return cls(moved, frozenset(here["group_id"]), int(weeks.max() or 0))  # type: ignore[arg-type]

    def words(self, group: str) -> str:
        """What a group did that moved: its first signal, and how many more there are."""
        (measure, above), *more = self.moved[group]
        said = WORDS[measure][0 if above else 1]
        return f"{said} (and {few_of(len(more), 'more signal')})" if more else said
