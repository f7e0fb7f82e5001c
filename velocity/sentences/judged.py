"""Which lines that wait can be judged against a usual, and what is said of those that cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from velocity.sentences.answer import few, few_of

if TYPE_CHECKING:
    from velocity.reading.series import Ranges

NO_RANGE = "No usual range yet: it needs eight whole weeks"
#: The claim above a queue in which no line has a usual.
NOT_YET = "Cannot be judged yet: too few waits for a usual"


@dataclass(frozen=True)
class Judged:
    """The lines that wait, without those that are parked, away or marked as read.

    Args:
        queue: those that need a decision.
        within: those that wait within their usual.
        unknown: those with too few waits for a usual.
    """

    queue: pl.DataFrame
    within: pl.DataFrame
    unknown: pl.DataFrame

    @classmethod
    def of(cls, decisions: pl.DataFrame) -> Judged:
        """The lines of `reads.needs_decision`."""
        others = decisions.filter(
            ~pl.col("needs_decision") & ~pl.col("parked") & ~pl.col("away") & ~pl.col("marked_read")
        )
        known = pl.col("usual_working_hours").is_not_null()
        return cls(decisions.filter("needs_decision"), others.filter(known), others.filter(~known))

    @property
    def nothing(self) -> bool:
        """Whether lines wait and none of them can be judged."""
        return self.queue.is_empty() and self.within.is_empty() and not self.unknown.is_empty()

    @property
    def too_few(self) -> str:
        """How many lines cannot be judged: "13 lines have too few waits to judge"; "" if none."""
        count = self.unknown.height
        has = "has" if count == 1 else "have"
        return f"{few_of(count, 'line')} {has} too few waits to judge" if count else ""

    def with_count(self, verdict: str) -> str:
        """A verdict, and how many lines it is not about."""
        return f"{verdict}; {self.too_few}" if self.too_few else verdict


def without_range(ranges: Ranges) -> str:
    """How many series have no usual range yet, to follow a verdict; "" if all have one."""
    count = ranges.missing
    has = "has" if count == 1 else "have"
    return f"; {few(count)} series {has} no usual range yet" if count else ""


def nothing_near(ranges: Ranges) -> str:
    """That no series is at the edge of its usual range, if any has one."""
    if not ranges.known:
        return f"{NO_RANGE}."
    return f"No series is near the edge of its usual range{without_range(ranges)}."
