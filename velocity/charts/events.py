"""Events on charts of weeks: a small triangle on the axis, and a break where a phase begins."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Part, iso, safe, words_at
from velocity.charts.marks import hover

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from velocity.theme import Tokens

_TRIANGLE, _LONGEST = 8, 60  # px, characters


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
    axis: str,
    colour: Tokens,
) -> list[Part]:
    """A triangle under the axis for each week with an event; its hover says what.

    Args:
        events: of the weeks that are drawn.
        place: of a week on the x axis.
        axis: the y axis of the panel, such as "y2".
        colour: the palette.
    """
    weeks: dict[date, list[str]] = defaultdict(list)
    for event in events:
        weeks[event.week].append(f"{formats.day(event.day)}: {safe(event.text, _LONGEST)}")
    under: Part = {"xref": "x", "yref": f"{axis} domain", "yanchor": "top", "yshift": 3}
    look = {"font": {"size": _TRIANGLE, "color": colour.accent}}
    found = []
    for week, said in weeks.items():
        at = place(week)
        x = iso(at) if isinstance(at, date) else at
        found.append(words_at("▲", x=x, y=0, hovertext=hover(*said), **under, **look))
    return found


def room_below(events: Sequence[Event]) -> int:
    """The height, px, by which triangles move the labels of the x axis down."""
    return _TRIANGLE if events else 0
