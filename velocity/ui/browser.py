"""Styles and scripts that every page sends to the browser, for the screen and for paper."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from velocity.theme import LIGHT, light_of_dark, tokens
from velocity.ui.parts import theme_mode

if TYPE_CHECKING:
    from velocity.theme import Mode

# The theme does not have options for the padding at the sides or for the colour of a button with
# an open menu, which is too dark on a dark page. Scripts should not take up space. Links to other
# pages look like links, and focus is visible everywhere. A closed
# sidebar is not in the way of the keyboard. Some sections need a wider window, and in
# some rows the words wrap, not the link after them.
_STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding-left: 1.5rem; padding-right: 1.5rem }
button[kind="tertiary"]:is(:active, [aria-expanded="true"]) { color: inherit }
[data-testid="stElementContainer"]:has(>[data-testid="stHtml"]>script) { display: none }
[data-testid="stMain"] [data-testid="stPageLink-NavLink"] { padding: 0; background: none }
[data-testid="stMain"] [data-testid="stPageLink-NavLink"] p {
  color: var(--velocity-accent); text-decoration: underline
}
:focus-visible:not(input, textarea) {
  outline: 2px solid var(--velocity-accent) !important; outline-offset: 1px
}
[data-testid="stMain"]:focus-visible { outline-offset: -2px }
[class*="st-key-one-row-"] { flex-wrap: nowrap }
[class*="st-key-one-row-"] > :first-child { flex-shrink: 1; min-width: 0 }
[data-testid="stSidebar"][data-collapsed="true"] { visibility: hidden }
@media (max-width: 600px) {
  [class*="st-key-wide-"] { display: none }
  [data-testid="stTable"] tr:has(> :nth-child(5)) p { width: max-content; max-width: 13rem }
}
</style>"""
# One entry in the browser's history per page. Streamlit adds one whenever a run of the script
# writes the address, so a page that takes over choices had two, and Back led from it to itself.
# When the user leaves a page, its address is restored to that of the last click or key, because
# the run that opens the next page has already removed the choices that the next page does not
# have.
_HISTORY = """<script>
if (!window.velocityHistory) {
  window.velocityHistory = true;
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  let asked = location.href;
  for (const name of ["click", "keydown"]) {
    addEventListener(name, () => { asked = location.href; }, true);
  }
  const path = address => new URL(address, location.href).pathname;
  history.pushState = (state, title, address) => {
    if (path(address) === location.pathname) return replace(state, title, address);
    if (path(asked) === location.pathname) replace(history.state, title, asked);
    push(state, title, address);
  };
}
</script>"""
#: Key of the container that is on paper only.
_ON_PAPER = "on-paper"
# Charts and tables are drawn for the width of the window and do not adapt to the paper. So a
# printed page keeps the window's layout and shrinks, in the orientation that wastes less. 970 px
# is the width of landscape Letter and 718 px that of portrait A4, without margins; the other
# paper size is wider in each case. A row of a grid moves to the next sheet as a whole, and the
# sheet of a scholar has a page of its own. Controls are left out, and a plain table stands for each
# grid of rows, which is a picture of those in sight.
_PAPER_STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-on-paper) { display: none }
[data-testid="stElementContainer"]:has(> [data-testid="stHtml"] > .on-paper) { display: none }
@media print {
  [data-testid="stLayoutWrapper"]:has(> .st-key-on-paper) { display: flex }
  [data-testid="stElementContainer"]:has([data-testid="stDataFrame"]) { display: none !important }
  .st-key-on-paper p::after { content: " " var(--print-address, "") }
  @page { size: landscape; margin: 10mm }
  @page upright { size: portrait; margin: 10mm }
  html { zoom: var(--print-fit, .67); print-color-adjust: exact }
  html, body, [data-testid="stApp"], [data-testid="stAppViewContainer"] {
    background: white !important
  }
  [data-testid="stHeader"], [data-testid="stButtonGroup"], [data-testid="stPopover"],
  [data-testid="stButton"], [data-testid="stMenuButton"], [data-testid="stDownloadButton"],
  [data-testid="stForm"], [data-testid="stCheckbox"] { display: none !important }
  [data-testid="stElementContainer"], [data-testid="stGridCell"] { break-inside: avoid }
  [data-testid="stElementContainer"]:has(> [data-testid="stHtml"] > .on-paper) {
    display: block; break-inside: auto
  }
  [data-testid="stGridCell"]:has(.on-paper) { break-inside: auto }
  :has(> [data-testid="stGridCell"] .on-paper) { display: block !important }
  .on-paper table { width: 100%; border-collapse: collapse; font-size: 12px }
  .on-paper :is(th, td) {
    padding: 2px 8px 2px 0; text-align: left; vertical-align: top; overflow-wrap: anywhere;
    border-bottom: 1px solid BORDER
  }
  .on-paper thead { display: table-header-group }
  .on-paper tr { break-inside: avoid }
  [class*="st-key-stacked-"] { display: block !important }
  [data-testid="stLayoutWrapper"]:has(> [data-testid="stHorizontalBlock"] h2) { break-after: avoid }
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) {
    display: flex !important; break-inside: avoid
  }
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [class*="st-key-mentor-"]) {
    display: block !important; break-inside: auto
  }
  [data-testid="stLayoutWrapper"]:has(> [class*="st-key-mentor-sheet-"]) {
    break-before: page; break-after: page; break-inside: avoid
  }
}
</style>""".replace("BORDER", LIGHT.border)
# The address has the days and the person or stream, but not the token of a dashboard without
# sign-in.
_PAPER_SCRIPT = """<script>
if (!window.velocityPrints) {
  window.velocityPrints = true;
  const asked = ["period", "scholar", "streams", "metric", "whose"];
  addEventListener("beforeprint", () => {
    const upright = innerWidth < 1200, { style } = document.documentElement;
    style.setProperty("page", upright ? "upright" : "auto");
    style.setProperty("--print-fit", Math.min(1, (upright ? 718 : 970) / innerWidth));
    const all = new URLSearchParams(location.search);
    const kept = asked.filter(it => all.has(it)).map(it => `${it}=${all.get(it)}`).join("&");
    const address = location.origin + location.pathname + (kept ? `?${kept}` : "");
    style.setProperty("--print-address", JSON.stringify(address));
  });
}
</script>"""
# Streamlit's own elements take their colours from the theme, and charts have them in their marks.
_DARK_STYLE = f"""<style>
@media print {{
  [data-testid="stApp"] *:not(svg *) {{
    color: {LIGHT.text} !important; border-color: {LIGHT.border} !important;
    background-color: transparent !important
  }}
  [data-testid="stCaptionContainer"] * {{ color: {LIGHT.muted} !important }}
  [data-testid="stApp"] a, [data-testid="stApp"] a * {{ color: {LIGHT.accent} !important }}
}}
</style>"""
_DARK_SCRIPT = """<script>
window.velocityLight = LIGHT_OF_DARK;
if (!window.velocityLightens) {
  window.velocityLightens = true;
  const marks = '[data-testid="stMain"] [style*="rgb"], [data-testid="stMain"] [style*="#"]';
  const rgb = (all, r, g, b) => window.velocityLight[`${+r},${+g},${+b}`] ?? all;
  const hex = (all, it) => rgb(all, ...it.match(/../g).map(two => parseInt(two, 16)));
  const before = new Map();
  addEventListener("beforeprint", () => {
    for (const mark of document.querySelectorAll(marks)) {
      const style = mark.getAttribute("style");
      before.set(mark, style);
      mark.setAttribute("style", style
        .replace(/rgb\\((\\d+), ?(\\d+), ?(\\d+)\\)/g, rgb)
        .replace(/#([0-9a-f]{6})\\b/gi, hex));
    }
  });
  addEventListener("afterprint", () => {
    for (const [mark, style] of before) mark.setAttribute("style", style);
    before.clear();
  });
}
</script>"""
# A page that was dark before prints as it is.
_LIGHT_SCRIPT = "<script>window.velocityLight = {}</script>"


def prepare_browser() -> None:
    """Sets the page's frame, makes Back open the previous page, and lets pages print completely."""
    accent = tokens(theme_mode()).accent
    st.html(f"<style>:root {{ --velocity-accent: {accent} }}</style>{_STYLE}")
    st.html(_HISTORY, unsafe_allow_javascript=True)
    st.html(_paper(theme_mode()), unsafe_allow_javascript=True)


def _paper(mode: Mode) -> str:
    """The styles and scripts of printed pages, for a page that is drawn in `mode`."""
    if mode == "light":
        return f"{_PAPER_STYLE}{_PAPER_SCRIPT}{_LIGHT_SCRIPT}"
    script = _DARK_SCRIPT.replace("LIGHT_OF_DARK", _light_of_dark())
    return f"{_PAPER_STYLE}{_PAPER_SCRIPT}{_DARK_STYLE}{script}"


def note_on_paper() -> None:
    """The first line of a printed page that names people; it is not on the screen."""
    with st.container(key=_ON_PAPER):
        st.markdown("**Names scholars; not for passing on.** The digest is for passing on.")


@cache
def _light_of_dark() -> str:
    """Red, green and blue of each dark colour -> the light one of the same name, as JSON."""
    pairs = light_of_dark().items()
    parts = ((dark[at : at + 2] for at in (1, 3, 5)) for dark, _ in pairs)
    keys = (",".join(str(int(it, 16)) for it in part) for part in parts)
    return json.dumps(dict(zip(keys, (light for _, light in pairs), strict=True)))
