"""Events on charts of weeks: a small triangle on the axis, and a break where a phase begins."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Part, safe
from velocity.charts.marks import dots, hover, marker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from velocity.theme import Tokens

_TRIANGLE, _LONGEST = 8, 60


@dataclass(frozen=True)
class Event:
    """Something that happened in a week.

    Args:
        week: its Monday.
        day: on which it happened.
        text: what it was; other people's text.
    """

    week: date
    day: date
    text: str


def triangles(
    events: Sequence[Event],
    *,
    place: Callable[[date], date | float],
    y: float,
    axis: str,
    colour: Tokens,
) -> list[Part]:
    """One triangle per week with an event, at the bottom of a panel; its hover says what.

    Args:
        events: of the weeks that are drawn.
        place: of a week on the x axis.
        y: the lowest value of the panel.
        axis: the y axis of the panel, such as "y2".
        colour: the palette.
    """
    weeks: dict[date, list[str]] = defaultdict(list)
    for event in events:
        weeks[event.week].append(f"{formats.day(event.day)}: {safe(event.text, _LONGEST)}")
    if not weeks:
        return []
    look = {"symbol": "triangle-up", **marker(colour.accent, _TRIANGLE, colour.bg, 1)}
    places = [place(it) for it in weeks]
    return [dots(places, [y] * len(weeks), look, [hover(*it) for it in weeks.values()], yaxis=axis)]
