"""The digest as one HTML file: no scripts, loads nothing, prints on one page of A4 or Letter."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from velocity import formats
from velocity.report.parts import Digest, Trend
from velocity.theme import FONT, LIGHT

#: Size of a sparkline, and its margin, in CSS pixels.
_WIDTH, _HEIGHT, _EDGE = 220, 28, 5


class _Stretch(NamedTuple):
    """Consecutive weeks with a value: SVG points, and the end, which may be beyond the range."""

    points: str
    x: float
    y: float
    beyond: bool


def as_html(digest: Digest) -> str:
    """Returns the digest as a whole HTML document."""
    trends = [it for it in digest.trends if it.rows.height]
    return template("digest.html").render(digest=digest, trends=trends)


@cache
def template(name: str) -> Template:
    """Returns a template of this folder; it escapes everything that it is given."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["label"] = formats.label
    environment.globals |= {
        "font": FONT.replace('"', "'"),
        "light": LIGHT,
        "plural": formats.plural,
        "share": formats.share,
        "spark": _spark,
        "week": formats.week,
        "written": formats.figure,
    }
    return environment.get_template(name)


def _spark(trend: Trend) -> tuple[str, list[_Stretch]]:
    """Returns the SVG points of the usual range, "" if there is none, and those of the weeks."""
    values, lower, upper = (trend.rows[it] for it in ("value", "limit_low", "limit_high"))
    known = [it for it in (*values, *lower, *upper) if it is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    room = (high - low) or 1.0
    step = (_WIDTH - 2 * _EDGE) / max(1, len(values) - 1)

    def point(place: int, value: float) -> str:
        y = _HEIGHT - _EDGE - (value - low) / room * (_HEIGHT - 2 * _EDGE)
        return f"{_EDGE + place * step:.1f},{y:.1f}"

    above, below = (
        [point(n, it) for n, it in enumerate(limits) if it is not None] for limits in (upper, lower)
    )
    stretches = []
    for none, rows in groupby(enumerate(values), key=lambda it: it[1] is None):
        if not none:
            places = [(n, point(n, value)) for n, value in rows if value is not None]
            last, end = places[-1]
            x, y = map(float, end.split(","))
            beyond = bool(trend.rows["signal"][-1]) and last == len(values) - 1
            stretches.append(_Stretch(" ".join(it for _, it in places), x, y, beyond))
    band = " ".join((*above, *reversed(below))) if above and below else ""
    return band, stretches
