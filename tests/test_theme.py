"""The palette's rules: contrast, colour blindness, the same colours everywhere."""

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest

from velocity.theme import DARK, LIGHT, template, tokens

CONFIG = tomllib.loads(
    (Path(__file__).parents[1] / ".streamlit" / "config.toml").read_text(encoding="utf-8")
)
MODES = [pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark")]

# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB; a row of a matrix per row.
VISION = {
    "normal": np.eye(3),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
WHITE = (0.95047, 1.0, 1.08883)


def rgb(colour):
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255


def linear(colour):
    value = rgb(colour)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def lab(colour, vision):
    seen = np.clip(VISION[vision] @ linear(colour), 0, 1)
    xyz = np.array(XYZ) @ seen / WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(one, other):
    """Sharma, Wu, Dalal (2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(chroma**7 / (chroma**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = h2 - h1
    if c1 * c2 == 0:
        turn = 0.0
    elif turn > 180:
        turn -= 360
    elif turn < -180:
        turn += 360
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = h1 + h2
    if c1 * c2 != 0:
        if abs(h1 - h2) > 180:
            hue += 360 if hue < 360 else -360
        hue /= 2
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    sl = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    sc, sh = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    turned = -np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    rotation = 2 * turned * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    dl, dc = (l2 - l1) / sl, (c2 - c1) / sc
    return float(np.sqrt(dl**2 + dc**2 + (dh / sh) ** 2 + rotation * dc * dh / sh))


def smallest_distance(colours, vision):
    pairs = itertools.combinations(colours, 2)
    return min(ciede2000(lab(one, vision), lab(other, vision)) for one, other in pairs)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_distance_formula_agrees_with_its_published_pairs(one, other, distance):
    assert ciede2000(one, other) == pytest.approx(distance, abs=5e-5)


# Contrast on the page and on the band, light then dark.
CONTRAST = {
    "text": (17.5, 15.5, 14.6, 12.1),
    "muted": (6.0, 5.3, 7.7, 6.4),
    "faint": (3.4, 3.0, 4.2, 3.5),
    "accent": (6.2, 5.5, 8.9, 7.4),
    "series": (9.6, 8.5, 11.1, 9.2),
    "serial": (3.4, 3.0, 3.9, 3.2),
    "parallel": (9.0, 8.0, 11.9, 9.8),
    "machine": (4.6, 4.0, 6.2, 5.1),
    "reaction": (3.5, 3.1, 8.5, 7.0),
    "failed": (6.7, 5.9, 4.5, 3.7),
    "killed": (3.5, 3.1, 10.2, 8.5),
    "stale": (5.6, 5.0, 6.4, 5.3),
}
TEXT = {"text", "muted", "accent"}


@pytest.mark.parametrize("name", CONTRAST)
def test_contrast_matches_the_table(name):
    grounds = (LIGHT, LIGHT.bg), (LIGHT, LIGHT.band), (DARK, DARK.bg), (DARK, DARK.band)
    measured = [contrast(getattr(palette, name), ground) for palette, ground in grounds]
    assert measured == pytest.approx(CONTRAST[name], abs=0.06)
    assert min(measured) >= (4.5 if name in TEXT else 3.0)


@pytest.mark.parametrize("palette", MODES)
def test_captions_text_inside_bars_and_streams_can_be_read(palette):
    # Streamlit draws captions in the text colour at 60 %.
    mixed = 0.6 * rgb(palette.text) + 0.4 * rgb(palette.bg)
    caption = "#" + "".join(f"{round(part * 255):02x}" for part in mixed)
    assert contrast(caption, palette.bg) >= 4.5
    assert contrast(palette.bg, palette.machine) >= 4.5
    assert len(palette.streams) == 6
    assert all(contrast(colour, palette.bg) >= 3.0 for colour in palette.streams)


def groups(palette):
    pairs = (palette.serial, palette.parallel, palette.machine, palette.reaction)
    lost = (palette.failed, palette.killed, palette.stale)
    return {
        "serial, parallel": (pairs[:2], (26, 24, 26, 25), (29, 30, 28, 27)),
        "machine, reaction": (pairs[2:], (35, 38, 36, 29), (36, 37, 37, 27)),
        "timeline": ((*pairs, palette.failed), (20, 12, 13, 17), (21, 14, 14, 21)),
        "lost": (lost, (32, 22, 26, 15), (33, 24, 31, 14)),
        "lost, machine": ((*lost, palette.machine), (16, 14, 15, 12), (16, 13, 14, 14)),
        "streams": (palette.streams, (27, 17, 16, 18), (27, 18, 16, 17)),
        "accent, series": ((palette.accent, palette.series), (23, 9, 13, 19), (23, 7, 6, 22)),
    }


@pytest.mark.parametrize("palette", MODES)
@pytest.mark.parametrize("group", groups(LIGHT))
def test_colours_are_distinguishable_with_every_kind_of_vision(group, palette):
    colours, light, dark = groups(palette)[group]
    expected = dark if palette is DARK else light
    measured = [smallest_distance(colours, vision) for vision in VISION]
    assert measured == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_streamlit_uses_the_same_colours(mode):
    section, palette = CONFIG["theme"][mode], tokens(mode)
    colours = {
        "primaryColor": palette.accent,
        "linkColor": palette.accent,
        "backgroundColor": palette.bg,
        "secondaryBackgroundColor": palette.surface,
        "textColor": palette.text,
        "borderColor": palette.border,
        "dataframeBorderColor": palette.grid,
        "dataframeHeaderBackgroundColor": palette.bg,
        "dataframeHeaderTextColor": palette.muted,
        "redColor": palette.failed,
        "orangeColor": palette.reaction,
        "blueColor": palette.parallel,
        "greenColor": palette.accent,
        "violetColor": palette.stale,
        "grayColor": palette.muted,
        "grayTextColor": palette.muted,
        # Its own green is too pale in captions.
        "codeTextColor": palette.text,
    }
    others = [palette.series, palette.muted, palette.faint, palette.killed]
    assert section == section | colours | {"chartCategoricalColors": [*palette.streams, *others]}


def test_the_server_sends_no_statistics_and_shows_no_traceback():
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["runner"]["postScriptGC"] is False


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_template_has_no_legend_and_no_zoom(mode):
    layout = template(mode)["layout"]
    assert layout["showlegend"] is layout["dragmode"] is False
    assert layout["xaxis"]["fixedrange"] is layout["yaxis"]["fixedrange"] is True
    assert layout["font"]["color"] == tokens(mode).muted
    assert layout["paper_bgcolor"] == "rgba(0,0,0,0)"
