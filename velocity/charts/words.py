"""Words in charts: annotations, keys and hover labels."""

import html
from collections.abc import Iterable
from typing import Any

from velocity import formats
from velocity.theme import LIGHT, SMALL_FONT_SIZE

#: The font of ticks and notes that are not to stand out.
SMALL = {"size": SMALL_FONT_SIZE}
#: The fonts of words that stand out, and of those that do not.
INK, MUTED = {"color": LIGHT.text}, {"color": LIGHT.muted}
#: A piece of a Plotly figure as plain JSON-like data.
Part = dict[str, Any]


def safe(text: str | None, limit: int = 40) -> str:
    """Text from a run or roster for Plotly to show literally: one line, shortened, no markup."""
    return html.escape(formats.label(text, limit), quote=False)


def bold(text: str, *, strong: bool = True) -> str:
    """Bold words, if they are `strong`."""
    return f"<b>{text}</b>" if strong else text


def swatch(glyph: str, colour: str, words: str) -> str:
    """A mark in its colour, and what it means."""
    return f'<span style="color:{colour}">{glyph}</span>{formats.NBSP}{words}'


def hover(*lines: str) -> str:
    """Lines of a hover label, without empty ones; the text is already safe."""
    return "<br>".join(filter(None, lines))


def words_at(text: str, *, x: float | str, y: float | str, **more: Any) -> Part:
    """An annotation without an arrow; figure fractions unless `xref`, `yref` say otherwise."""
    place = {"x": x, "y": y, "xref": "paper", "yref": "paper", "showarrow": False}
    # By default, Plotly chooses the anchor by the third of the figure that has the point.
    return {"text": text, **place, "xanchor": "center", "yanchor": "middle", **more}


def beside(text: str, y: float, shift: float, *, right: bool = False, **more: Any) -> Part:
    """Words at the height `y`, `shift` px from the left end of the plot, or from its right one."""
    side = "right" if right else "left"
    place: Part = {"x": int(right), "y": y, "yref": "y", "xanchor": side, "xshift": shift}
    return words_at(text, **place | more)


def key(entries: Iterable[tuple[str, str, str]], *, x: float = 0, lift: int = 6) -> Part:
    """One line above the plot that explains the marks, each (glyph, colour, words).

    It is `x` px from the plot's left edge and `lift` px above its top edge.
    """
    text = (formats.NBSP * 3).join(swatch(*entry) for entry in entries)
    place = {"xanchor": "left", "yanchor": "bottom", "align": "left"}
    return words_at(text, x=0, y=1, xshift=x, yshift=lift, **place)
