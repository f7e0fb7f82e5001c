"""An attacker who keeps every answer, and what the answers leave open of one person's figure.

Knows how figures are made, who is in every sum, and the figures of some of them to the last digit.
Everything is put into one system of inequalities, and a solver looks for the least and the largest
figure that somebody else can have had: no sum, difference or combination of answers says more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: More than any figure of a person, and less than any difference that counts.
_MOST, _LEAST = 1000.0, 1e-6


def cell(told: int) -> tuple[float, float]:
    """From where (included) to where a sum lies that is told to the nearest 5, or as "under 5"."""
    return (0.0, 5.0) if told == 0 else (max(5.0, told - 2.5), told + 2.5)


def share_cell(told: float) -> tuple[float, float]:
    """The same of a share that is told to the nearest 5 points, or as one of its ends."""
    if told in {0, 1}:
        return (0.0, 0.05) if told == 0 else (0.95, np.inf)
    return max(0.05, told - 0.025), told + 0.025


@dataclass
class Attacker:
    """What somebody knows of one measure in one week.

    Args:
        whole: the measure counts things.
        small_by_chance: a figure under 5 goes into sums as 0 or 5; else every figure as it is.
        known: person -> figure.
        sums: (people, from, to) of every answer that was kept.
    """

    whole: bool
    small_by_chance: bool = True
    known: dict[str, float] = field(default_factory=dict)
    sums: list[tuple[frozenset[str], float, float]] = field(default_factory=list)

    def keep(self, people: Iterable[str], low: float, high: float) -> None:
        """Takes in that figures of these people sum up to `low` or more, and less than `high`."""
        answer = frozenset(people), low, high
        if answer not in self.sums:
            self.sums.append(answer)

    @property
    def unknown(self) -> list[str]:
        """Those who are in a sum and of whom nothing else is known."""
        return sorted(frozenset().union(*(it for it, _, _ in self.sums)) - self.known.keys())

    def interval(self, person: str) -> tuple[float, float]:
        """The least and the largest figure that the person can have had.

        Of counts the largest is the first that is too large: a count from 0 to 4 is under 5.
        """
        return self.least({person: 1.0}), -self.least({person: -1.0}) + self.whole

    def least(self, aim: Mapping[str, float]) -> float:
        """The least weighted sum of figures that agrees with everything; infinite if none does."""
        people = sorted(frozenset().union(*(it for it, _, _ in self.sums)))
        place = {it: 4 * at for at, it in enumerate(people)}
        rows, lows, highs = [], [], []
        for row, low, high in self._rules(place):
            rows.append(_row(row, len(place)))
            lows.append(low)
            highs.append(high)
        cost = _row({place[it]: weight for it, weight in aim.items()}, len(place))
        found = milp(
            cost,
            constraints=LinearConstraint(np.array(rows), lows, highs),
            integrality=np.tile([int(self.whole), 0, 1, 1], len(place)),
            bounds=Bounds(0, np.tile([_MOST, _MOST, 1, 1], len(place))),
        )
        return float(found.fun) if found.success else np.inf

    def _rules(self, place: Mapping[str, int]) -> Iterator[tuple[dict[int, float], float, float]]:
        """Of each person four unknowns: figure, what goes into sums, whether large, whether 5."""
        step = 1.0 if self.whole else _LEAST
        for person, at in place.items():
            figure, part, large, five = range(at, at + 4)
            if person in self.known:
                yield {figure: 1}, self.known[person] - _LEAST, self.known[person] + _LEAST
            if not self.small_by_chance:
                yield {part: 1, figure: -1}, 0, 0
                continue
            yield {part: 1, figure: -1, large: -_MOST}, -_MOST, np.inf
            yield {part: 1, figure: -1, large: _MOST}, -np.inf, _MOST
            yield {figure: 1, large: -5}, 0, np.inf
            yield {figure: 1, large: -_MOST}, -np.inf, 5 - step
            yield {part: 1, five: -5, large: -_MOST}, -np.inf, 0
            yield {part: 1, five: -5, large: _MOST}, 0, np.inf
            yield {five: 1, large: 1}, 0, 1
            yield {figure: 1, five: -step}, 0, np.inf
        for people, low, high in self.sums:
            yield {place[it] + 1: 1.0 for it in people}, low, high - _LEAST


def _row(weights: Mapping[int, float], people: int) -> np.ndarray:
    row = np.zeros(4 * people)
    for at, weight in weights.items():
        row[at] = weight
    return row
