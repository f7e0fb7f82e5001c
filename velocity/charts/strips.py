"""One person among the others: the middle half of the others, their median, and a dot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Chart, Part, blank, hover, make_figure, safe, words_at, written
from velocity.theme import Mode, Tokens, tokens

if TYPE_CHECKING:
    import polars as pl

HEIGHT = 198
_LEFT, _RIGHT = 108, 62
_BOX_HEIGHT = 0.38
#: Half the axis, as a multiple of the middle half's width.
_REACH = 1.8


def draw_strips(frame: pl.DataFrame, *, mode: Mode, title: str, who: str) -> Chart:
    """A row a measure, each on an axis of its own with the others' median in the middle.

    Args:
        frame: in the order to show; `title` (str), `unit` (str, a `Unit`), `value` (float of the
            unit, null where not known), `p25`, `p50`, `p75` (float), `others` (int: how many
            they are of); these four are null of fewer than 8.
        mode: which palette.
        title: what is compared.
        who: whose values they are: "you", or a name.
    """
    if frame.is_empty():
        return blank(title, mode=mode, height=HEIGHT)
    colour = tokens(mode)
    rows = [_placed(row) for row in frame.iter_rows(named=True)]
    count = len(rows)
    layout = {
        "annotations": [words for at, row in enumerate(rows) for words in _ends(at, row, colour)],
        "shapes": [_line(at, colour) for at in range(count)],
        "xaxis": {"visible": False, "range": [-1.08, 1.08]},
        "yaxis": {"visible": False, "range": [count - 0.5, -0.5]},
    }
    figure = make_figure(
        [*_boxes(rows, who, colour), *_dots(rows, who, colour)],
        layout,
        mode=mode,
        height=HEIGHT,
        margin=(_LEFT, _RIGHT, 0, 0),
    )
    sentences = [_sentence(row, who) for row in rows]
    return Chart(figure, f"{title}: {'; '.join(sentences)}.")


def _placed(row: Part) -> Part:
    """`row` with where its box and dot stand on an axis from -1 to 1."""
    if row["others"] is None:
        return row | {"known": False}
    low, middle, high = row["p25"], row["p50"], row["p75"]
    value = row["value"]
    away = 0 if value is None else abs(value - middle)
    reach = max(_REACH * (high - low), away * 1.1) or 1.0
    return row | {
        "known": True,
        "box": ((low - middle) / reach, (high - middle) / reach),
        "dot": 0 if value is None else (value - middle) / reach,
    }


def _boxes(rows: list[Part], who: str, colour: Tokens) -> list[Part]:
    known = [(at, row) for at, row in enumerate(rows) if row["known"]]
    if not known:
        return []
    places = [at for at, _ in known]
    box = {
        "type": "bar",
        "orientation": "h",
        "base": [row["box"][0] for _, row in known],
        "x": [row["box"][1] - row["box"][0] for _, row in known],
        "y": places,
        "width": [_BOX_HEIGHT] * len(known),
        "marker": {"color": colour.border, "line": {"width": 0}},
        "customdata": [_hover(row, who) for _, row in known],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    tick = {
        "type": "scatter",
        "mode": "markers",
        "x": [0] * len(known),
        "y": places,
        "marker": {
            "symbol": "line-ns",
            "size": 20,
            "line": {"width": 1.5, "color": colour.series},
        },
        "hoverinfo": "skip",
    }
    return [box, tick]


def _dots(rows: list[Part], who: str, colour: Tokens) -> list[Part]:
    # Without the others there is nothing to stand left or right of.
    own = [(at, row) for at, row in enumerate(rows) if row["known"] and row["value"] is not None]
    if not own:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [row["dot"] for _, row in own],
            "y": [at for at, _ in own],
            "marker": {
                "size": 11,
                "color": colour.accent,
                "line": {"width": 1, "color": colour.bg},
            },
            "customdata": [_hover(row, who) for _, row in own],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
    ]


def _line(at: int, colour: Tokens) -> Part:
    line = {"color": colour.grid, "width": 1}
    across = {"xref": "x domain", "x0": 0, "x1": 1, "y0": at, "y1": at, "layer": "below"}
    return {"type": "line", **across, "line": line}


def _ends(at: int, row: Part, colour: Tokens) -> list[Part]:
    ink: Part = {"font": {"color": colour.text}, "y": at, "yref": "y"}
    value = written(row["value"], row["unit"])
    return [
        words_at(safe(row["title"], 22), x=0, xanchor="left", xshift=-_LEFT + 2, **ink),
        words_at(f"<b>{value}</b>", x=1, xanchor="right", xshift=_RIGHT, **ink),
    ]


def _hover(row: Part, who: str) -> str:
    lines = [safe(row["title"]), f"{safe(who)} <b>{written(row['value'], row['unit'])}</b>"]
    return hover([*lines, _others(row)])


def _others(row: Part) -> str:
    if not row["known"]:
        return "fewer than 8 others: no band"
    low, middle, high = (written(row[name], row["unit"]) for name in ("p25", "p50", "p75"))
    return f"middle half of {formats.count(row['others'])} others {low} to {high}, median {middle}"


def _sentence(row: Part, who: str) -> str:
    return f"{row['title']}, {who} {written(row['value'], row['unit'])}, {_others(row)}"
