"""The digest as one HTML file: no scripts, loads nothing, prints on one page of A4 or Letter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from velocity import formats
from velocity.sentences.weeks import written
from velocity.theme import FONT, LIGHT

if TYPE_CHECKING:
    from jinja2 import Template

    from velocity.report.parts import Digest, Trend

#: Size of a sparkline, and its margin, in CSS pixels.
_WIDTH, _HEIGHT, _EDGE = 220, 28, 5


@dataclass(frozen=True)
class _Stretch:
    """Weeks with a value, without a gap: SVG points, and the end, which may be beyond the range."""

    points: str
    x: float
    y: float
    beyond: bool


@dataclass(frozen=True)
class _Spark:
    """A sparkline; `band` holds the SVG points of the usual range, "" if there is none."""

    band: str
    stretches: tuple[_Stretch, ...]


def as_html(digest: Digest) -> str:
    """Returns the digest as a whole HTML document."""
    return _template().render(digest=digest)


@cache
def _template() -> Template:
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
        "written": written,
    }
    return environment.get_template("digest.html")


def _spark(trend: Trend) -> _Spark:
    known = [it for it in (*trend.values, *trend.low, *trend.high) if it is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    room = (high - low) or 1.0
    step = (_WIDTH - 2 * _EDGE) / max(1, len(trend.values) - 1)

    def point(place: int, value: float) -> str:
        y = _HEIGHT - _EDGE - (value - low) / room * (_HEIGHT - 2 * _EDGE)
        return f"{_EDGE + place * step:.1f},{y:.1f}"

    upper = [point(n, it) for n, it in enumerate(trend.high) if it is not None]
    lower = [point(n, it) for n, it in enumerate(trend.low) if it is not None]
    stretches = []
    for none, rows in groupby(enumerate(trend.values), key=lambda it: it[1] is None):
        if not none:
            places = [(n, point(n, value)) for n, value in rows if value is not None]
            last, end = places[-1]
            x, y = map(float, end.split(","))
            beyond = trend.signal and last == len(trend.values) - 1
            stretches.append(_Stretch(" ".join(it for _, it in places), x, y, beyond))
    band = " ".join((*upper, *reversed(lower))) if upper and lower else ""
    return _Spark(band, tuple(stretches))
