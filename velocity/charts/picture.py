"""A chart as a picture to pass on: light, with its title, its days and the age of its data."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from velocity.charts.base import safe
from velocity.theme import LIGHT, SMALL_FONT_SIZE, light_of_dark, template

if TYPE_CHECKING:
    from velocity.charts.base import Chart

#: Above the chart, px, for its title and one line below it.
_ROOM = 64
#: Around the title, px.
_EDGE = 14
_COLOUR = re.compile(r"#[0-9A-F]{6}\b")
_LONGEST = 110


def as_picture(chart: Chart, *, title: str, about: str) -> Chart:
    """The chart on the page's light colour, below its title.

    Args:
        chart: drawn in either mode.
        title: plain text.
        about: plain text: its days and its source.
    """
    dark = chart.spec["layout"].get("template") is template("dark")
    spec = _lightened(chart.spec) if dark else chart.spec
    layout = spec["layout"]
    margin, height = layout["margin"], layout["height"] + _ROOM
    named = f"<b>{safe(title, _LONGEST)}</b><br>"
    named += f'<span style="font-size:{SMALL_FONT_SIZE}px">{safe(about, _LONGEST)}</span>'
    above = {
        "template": template("light"),
        "height": height,
        "margin": margin | {"t": margin["t"] + _ROOM},
        "paper_bgcolor": LIGHT.bg,
        "title": {
            "text": named,
            "x": 0,
            "y": 1 - _EDGE / height,
            "xanchor": "left",
            "yanchor": "top",
            "pad": {"l": _EDGE},
            "font": {"size": 15, "color": LIGHT.text},
        },
    }
    return replace(chart, spec={**spec, "layout": layout | above}, zoom=False)


def _lightened(part: Any) -> Any:
    if isinstance(part, dict):
        # The template is replaced as a whole.
        return {name: it if name == "template" else _lightened(it) for name, it in part.items()}
    if isinstance(part, list | tuple):
        return [_lightened(it) for it in part]
    if isinstance(part, str):
        return _COLOUR.sub(lambda it: light_of_dark().get(it[0], it[0]), part)
    return part
