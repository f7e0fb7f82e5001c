"""Packing of spans into as few lanes as they need. No Plotly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def pack(spans: Sequence[tuple[datetime, datetime]]) -> list[int]:
    """The lane, from 0, of each `[start, until)` span: the lowest that is free at its start.

    Spans may come in any order; those that start first choose first, ties in the order given.
    """
    free_from: list[datetime] = []
    lanes = [0] * len(spans)
    for place in sorted(range(len(spans)), key=lambda place: spans[place][0]):
        start, until = spans[place]
        lane = next((at for at, free in enumerate(free_from) if free <= start), len(free_from))
        if lane == len(free_from):
            free_from.append(until)
        else:
            free_from[lane] = until
        lanes[place] = lane
    return lanes
