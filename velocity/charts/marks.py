"""The marks that charts share: one function per kind of trace, marker and shape."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from velocity.charts.base import iso
from velocity.charts.words import Part
from velocity.theme import LIGHT

_CLEAR = "rgba(0,0,0,0)"
_Places = Iterable[Any]
_Heights = Iterable[float | None]
_Words = Iterable[Any] | None


def line(x: _Places, y: _Heights, style: Part, words: _Words = None, **more: Any) -> Part:
    """A line that breaks where `y` is not known. `style` holds Plotly's colour, width and dash.

    `words` is the hover text of each point; None for a line without hover text.
    """
    return {"type": "scatter", "mode": "lines", **_points(x, y, words), "line": style, **more}


def dots(x: _Places, y: _Heights, marker: Part, words: _Words = None, **more: Any) -> Part:
    """One dot per point, not clipped at the edge of the plot."""
    kind = {"type": "scatter", "mode": "markers", "cliponaxis": False}
    return {**kind, **_points(x, y, words), "marker": marker, **more}


def bars(x: _Places, y: _Heights, marker: Part, words: _Words = None, **more: Any) -> Part:
    """One bar per point."""
    return {"type": "bar", **_points(x, y, words), "marker": marker, **more}


def _points(x: _Places, y: _Heights, words: _Words) -> Part:
    answer: Part = {"hoverinfo": "skip"}
    if words is not None:
        said = [*words]
        part = "" if not said or isinstance(said[0], str) else "[0]"
        answer = {"customdata": said, "hovertemplate": f"%{{customdata{part}}}<extra></extra>"}
    return {"x": [iso(it) if isinstance(it, date) else it for it in x], "y": [*y], **answer}


def marker(fill: str | None, size: int, edge: str | None = None, width: float = 1.5) -> Part:
    """The look of a dot: `fill` (None: clear), `size` in px, and an `edge` of `width` px if any."""
    look: Part = {"color": fill or _CLEAR, "size": size}
    return look if edge is None else look | {"line": {"width": width, "color": edge}}


def solid(fill: str, edge: float = 0) -> Part:
    """The look of a filled bar, with an edge of `edge` px in its colour."""
    return {"color": fill, "line": {"width": edge} | ({"color": fill} if edge else {})}


def outline(colour: str) -> Part:
    """The look of a bar for something open or lost."""
    return {"color": _CLEAR, "line": {"width": 1.5, "color": colour}}


def hatched(fill: str, edge: float = 0) -> Part:
    """The look of a bar for failures: hatched in the page's colour, recognisable without colour."""
    hatch = {"shape": "/", "fillmode": "overlay", "fgcolor": LIGHT.bg, "size": 5, "solidity": 0.28}
    return solid(fill, edge) | {"pattern": hatch}


def tick(colour: str, size: int, width: float) -> Part:
    """The look of a short upright line."""
    return {"symbol": "line-ns", "size": size, "line": {"width": width, "color": colour}}


def diamond(fill: str, edge: str) -> Part:
    """The look of a week beyond its usual range."""
    return {"symbol": "diamond", **marker(fill, 10, edge)}


def box(x: tuple[Any, Any], y: tuple[float, float], fill: str, **more: Any) -> Part:
    """A filled rectangle below the marks."""
    place = {"x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1], "layer": "below"}
    return {"type": "rect", **place, "fillcolor": fill, "line": {"width": 0}, **more}


def rule(x: tuple[Any, Any], y: tuple[float, float], style: Part, **more: Any) -> Part:
    """A line from one point to another, as a shape."""
    place = {"x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1]}
    return {"type": "line", **place, "line": style, **more}


def level(y: float, style: Part, xref: str = "x domain", layer: str = "below") -> Part:
    """A line across the plot at the value `y`."""
    return rule((0, 1), (y, y), style, xref=xref, layer=layer)


def upright(x: float | str, style: Part, yref: str = "y domain", layer: str = "below") -> Part:
    """A line from the bottom to the top of the plot at `x`."""
    return rule((x, x), (0, 1), style, yref=yref, layer=layer)


def apart(places: Iterable[float], needed: float) -> list[float]:
    """Ascending `places` of labels, moved up so that each is at least `needed` above the last."""
    placed: list[float] = []
    for place in places:
        placed.append(max([place, *(it + needed for it in placed[-1:])]))
    return placed
