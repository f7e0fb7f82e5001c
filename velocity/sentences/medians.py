"""Medians in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from velocity import formats

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Median:
    """The median of a latency, in hours, and what it rests on.

    Args:
        value: None if the curve never gets there.
        low: lower 95 % limit; None without one.
        high: upper 95 % limit; None without one.
        largest: the longest time observed.
        events: times that ended; fewer than 6 make no median.
        n: all times, those still running too.
    """

    value: float | None
    low: float | None
    high: float | None
    largest: float | None
    events: int
    n: int

    @classmethod
    def of(cls, row: Mapping[str, Any], latency: str) -> Median:
        """The median of a `latency` such as "loop_hours" in a row of `reads.metrics`."""
        median, low, high, largest, events, n = (
            row.get(f"{latency}_{it}") for it in ("median", "low", "high", "largest", "events", "n")
        )
        return cls(median, low, high, largest, events or 0, n or 0)

    @property
    def enough(self) -> bool:
        """Whether there are enough events for a median."""
        return self.events >= formats.MEDIAN_EVENTS

    @property
    def alone(self) -> str:
        """Without limits: "4 h 43 m", or "> 31 h" if it was never reached."""
        if not self.enough:
            return formats.NOT_KNOWN
        return formats.median(self.value, largest=self.largest)

    @property
    def limits(self) -> str:
        """Its limits: "3 h 18 m to 6 h 22 m"; "" without any."""
        return formats.limits(self.low, self.high) if self.value is not None else ""

    def words(self, noun: str = "loop") -> str:
        """With limits: "4 h 43 m (3 h 18 m to 6 h 22 m)"; how many events if they are too few."""
        if not self.enough:
            return formats.too_few(self.events, noun)
        return formats.median(self.value, self.low, self.high, largest=self.largest)
