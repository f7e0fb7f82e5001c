"""An attacker who keeps every answer, and the bounds that these answers put on a person's figure.

The attacker knows how figures are made, who is in every sum, and some people's exact figures. All
of this becomes one system of inequalities. A solver finds the smallest and the largest figure that
another person can have had: no sum, difference or combination of answers reveals more.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

#: More than any figure of a person, and less than any difference that counts.
_MOST, _LEAST = 1000.0, 1e-6


def cell(told: int) -> tuple[float, float]:
    """Return the bounds (low included) of a sum shown to the nearest 5, or as "under 5"."""
    return (0.0, 5.0) if told == 0 else (max(5.0, told - 2.5), told + 2.5)


def share_cell(told: float) -> tuple[float, float]:
    """Return the bounds of a share shown to the nearest 5 points, or as one of its ends."""
    if told in {0, 1}:
        return (0.0, 0.05) if told == 0 else (0.95, np.inf)
    return max(0.05, told - 0.025), told + 0.025


@dataclass
class Attacker:
    """Everything a viewer knows about one measure in one week."""

    whole: bool  # the measure counts things
    small_by_chance: bool = True  # a figure under 5 counts in sums as 0 or 5, not as it is
    known: dict[str, float] = field(default_factory=dict)  # person -> figure
    #: (people, from, to) of every answer that was kept.
    sums: list[tuple[frozenset[str], float, float]] = field(default_factory=list)

    def keep(self, people: Iterable[str], low: float, high: float) -> None:
        """Record that the figures of these people add up to at least `low` and less than `high`."""
        answer = frozenset(people), low, high
        if answer not in self.sums:
            self.sums.append(answer)

    @property
    def unknown(self) -> list[str]:
        """People who are in a sum and whose figure is not known."""
        return [it for it in self._people() if it not in self.known]

    def interval(self, person: str) -> tuple[float, float]:
        """Return the smallest and the largest figure that the person can have had.

        For counts the upper bound is excluded: "under 5" is a count from 0 to 4.
        """
        return self.least({person: 1.0}), -self.least({person: -1.0}) + self.whole

    def least(self, aim: Mapping[str, float]) -> float:
        """Return the smallest weighted sum that fits all answers; infinite if none does."""
        place = {it: 4 * at for at, it in enumerate(self._people())}
        rules = [(_row(row, len(place)), low, high) for row, low, high in self._rules(place)]
        rows, lows, highs = zip(*rules, strict=True)
        cost = _row({place[it]: weight for it, weight in aim.items()}, len(place))
        found = milp(
            cost,
            constraints=LinearConstraint(np.array(rows), lows, highs),
            integrality=np.tile([int(self.whole), 0, 1, 1], len(place)),
            bounds=Bounds(0, np.tile([_MOST, _MOST, 1, 1], len(place))),
        )
        return float(found.fun) if found.success else np.inf

    def _people(self) -> list[str]:
        return sorted(frozenset().union(*(it for it, _, _ in self.sums)))

    def _rules(self, place: Mapping[str, int]) -> Iterator[tuple[dict[int, float], float, float]]:
        """Four unknowns per person: figure, its value in sums, is it large, is it 5."""
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
