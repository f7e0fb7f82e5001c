"""The digest's two small charts as SVG, in the light colours of `velocity.theme`."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from velocity import formats
from velocity.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from velocity.report.parts import Share, Trend

_WIDTH, _HEIGHT, _EDGE = 220, 28, 5


def sparkline(trend: Trend) -> str:
    """The weeks of a measure as a line over the grey band of its usual range."""
    known = [it for it in (*trend.values, *trend.low, *trend.high) if it is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    room = (high - low) or 1.0
    step = (_WIDTH - 2 * _EDGE) / max(1, len(trend.values) - 1)

    def point(place: int, value: float) -> str:
        y = _HEIGHT - _EDGE - (value - low) / room * (_HEIGHT - 2 * _EDGE)
        return f"{_EDGE + place * step:.1f},{y:.1f}"

    upper = [point(n, it) for n, it in enumerate(trend.high) if it is not None]
    lower = [point(n, it) for n, it in enumerate(trend.low) if it is not None]
    parts = []
    if upper and lower:
        corners = " ".join((*upper, *reversed(lower)))
        parts.append(f'<polygon points="{corners}" fill="{LIGHT.band}"/>')
    for stretch in _stretches(trend.values):
        corners = " ".join(point(n, value) for n, value in stretch)
        parts.append(
            f'<polyline points="{corners}" fill="none" stroke="{LIGHT.series}" stroke-width="1.5"/>'
        )
        x, y = point(*stretch[-1]).split(",")
        if trend.signal and stretch[-1][0] == len(trend.values) - 1:
            turn = f'transform="rotate(45 {x} {y})" fill="{LIGHT.accent}"'
            parts.append(
                f'<rect x="{float(x) - 3.5:.1f}" y="{float(y) - 3.5:.1f}" width="7" height="7" '
                f"{turn}/>"
            )
        else:
            parts.append(f'<circle cx="{x}" cy="{y}" r="2.2" fill="{LIGHT.series}"/>')
    weeks = f"{formats.plural(len(trend.weeks), 'week')} to the {formats.week(trend.weeks[-1])}"
    told = f"{weeks}; the grey band is the usual range"
    beyond = ", and the last week, a diamond, is beyond it" if trend.signal else ""
    return _drawn(trend.title, f"{told}{beyond}.", parts, _HEIGHT)


def share_bar(share: Share) -> str:
    """A whole in two parts, each with its name and share below."""
    width = share.first_share * _WIDTH
    first, second = (getattr(LIGHT, name) for name in share.colours)
    said = (
        f"{share.first} {formats.share(share.first_share)}",
        f"{share.second} {formats.share(1 - share.first_share)}",
    )
    words = f'font-size="11" fill="{LIGHT.muted}"'
    parts = (
        f'<text x="0" y="11" {words}>{escape(share.title)}</text>',
        f'<rect x="0" y="16" width="{width:.1f}" height="10" fill="{first}"/>',
        f'<rect x="{width:.1f}" y="16" width="{_WIDTH - width:.1f}" height="10" fill="{second}"/>',
        f'<text x="0" y="38" {words}>{escape(said[0])}</text>',
        f'<text x="{_WIDTH}" y="38" text-anchor="end" {words}>{escape(said[1])}</text>',
    )
    return _drawn(share.title, f"{said[0]}, {said[1]}.", parts, 42)


def _stretches(values: Iterable[float | None]) -> list[list[tuple[int, float]]]:
    """The weeks with a value, in stretches without a gap."""
    parts = groupby(enumerate(values), key=lambda it: it[1] is None)
    return [[(n, it) for n, it in rows if it is not None] for none, rows in parts if not none]


def _drawn(title: str, words: str, parts: Iterable[str], height: int) -> str:
    return (
        f'<svg role="img" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>'
        f"<desc>{escape(words)}</desc>{''.join(parts)}</svg>"
    )
