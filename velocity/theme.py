"""Colours for light and dark, and the Plotly template made of them.

Every figure takes its colours from here; `.streamlit/config.toml` gives the same ones to
Streamlit's own elements. Serial and parallel, machine and reaction look alike on every page.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import cache
from typing import Any, Literal

#: Which of the two palettes a page is drawn in.
Mode = Literal["light", "dark"]

#: Bundled with Streamlit; its digits all have one width.
FONT = '"Source Sans", "Source Sans 3", "Helvetica Neue", Arial, sans-serif'
FONT_SIZE = 12
SMALL_FONT_SIZE = 11


@dataclass(frozen=True)
class Tokens:
    """The named colours of one mode, as #RRGGBB."""

    bg: str
    surface: str  # hover labels, widgets
    text: str
    muted: str  # ticks and labels inside charts
    faint: str  # sparklines, centre lines; too pale for text
    border: str
    grid: str
    band: str  # a series' usual range; hours outside the awake window
    accent: str  # links, selection, shifts, "you"
    series: str  # every neutral line
    serial: str  # one experiment in flight
    parallel: str  # two or more
    machine: str  # launch to result; runs
    reaction: str  # result to next launch
    failed: str
    killed: str
    stale: str
    streams: tuple[str, ...]  # six, in roster order


#: Name -> in light, and in dark.
_COLOURS: dict[str, tuple[Any, Any]] = {
    "bg": ("#FCFCFB", "#15171A"),
    "surface": ("#F4F4F2", "#1D2024"),
    "text": ("#14171A", "#E6E8EA"),
    "muted": ("#59626D", "#A3ABB4"),
    "faint": ("#828A93", "#737C86"),
    "border": ("#DEDEDA", "#343A41"),
    "grid": ("#EAEAE7", "#262A2F"),
    "band": ("#ECEEEF", "#24282D"),
    "accent": ("#0B6B64", "#5CC8BC"),
    "series": ("#3D444D", "#C6CCD3"),
    "serial": ("#528FB9", "#4079AC"),
    "parallel": ("#1B487C", "#A3DAF7"),
    "machine": ("#727286", "#9696AB"),
    "reaction": ("#C67318", "#DFAA47"),
    "failed": ("#AE2322", "#E24945"),
    "killed": ("#8B867C", "#C9C3B8"),
    "stale": ("#7555A8", "#AF89E1"),
    "streams": (
        ("#015446", "#693C01", "#56357C", "#BA6B84", "#767B39", "#4B96C6"),
        ("#3F8374", "#AA7339", "#8669AD", "#E0A0B2", "#C2C969", "#85CEFF"),
    ),
}
LIGHT, DARK = (Tokens(**{name: it[at] for name, it in _COLOURS.items()}) for at in (0, 1))


@cache
def dark_of_light() -> dict[str, str]:
    """Each light colour -> the dark one of the same name, as #RRGGBB."""
    pairs = zip(_every(LIGHT), _every(DARK), strict=True)
    return {light: dark for light, dark in pairs if dark != light}


def _every(colours: Tokens) -> Iterator[str]:
    for it in astuple(colours):
        yield from (it,) if isinstance(it, str) else it


def tokens(mode: Mode) -> Tokens:
    """The colours of `mode`."""
    return DARK if mode == "dark" else LIGHT


@cache
def template(mode: Mode) -> dict[str, Any]:
    """What every figure of `mode` starts from: quiet axes, no legend, no zoom by drag."""
    colour = tokens(mode)
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": FONT_SIZE, "color": colour.muted},
            "margin": {"l": 44, "r": 12, "t": 10, "b": 26, "pad": 0},
            "showlegend": False,
            "dragmode": False,
            "hovermode": "closest",
            "hoverlabel": {
                "bgcolor": colour.surface,
                "bordercolor": colour.border,
                "align": "left",
                "font": {"family": FONT, "size": FONT_SIZE, "color": colour.text},
            },
            "modebar": {
                "bgcolor": "rgba(0,0,0,0)",
                "color": colour.muted,
                "activecolor": colour.text,
            },
            "colorway": list(colour.streams),
            "xaxis": {
                "showgrid": False,
                "zeroline": False,
                "showline": True,
                "linecolor": colour.border,
                "linewidth": 1,
                "ticks": "outside",
                "ticklen": 4,
                "tickcolor": colour.border,
                "tickangle": 0,
                "ticklabeloverflow": "allow",
                "automargin": False,
                "fixedrange": True,
            },
            "yaxis": {
                "showgrid": True,
                "gridcolor": colour.grid,
                "gridwidth": 1,
                "zeroline": False,
                "showline": False,
                "ticks": "",
                "automargin": False,
                "fixedrange": True,
            },
        },
    }
