"""Styles and scripts that every page sends to the browser."""

from __future__ import annotations

import streamlit as st

# The theme has no option for the padding at the sides, nor for the colour of a button whose menu
# is open: a darker accent, too dark on a dark page. A script takes no room.
_STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding-left: 1.5rem; padding-right: 1.5rem }
button[kind="tertiary"]:is(:active, [aria-expanded="true"]) { color: inherit }
[data-testid="stElementContainer"]:has(>[data-testid="stHtml"]>script) { display: none }
</style>"""
# One entry of the browser's history per page. Streamlit adds one whenever a run of the script
# writes the address: a page that takes over choices had two, and Back led from it to itself. The
# address of a page that is left is restored to its state at the last click or key: the run that
# leads to the next page has by then removed the choices that the next page does not have.
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
# Charts and tables are drawn for the width of the window and do not follow the sheet's. So a
# printed page keeps the window's layout and shrinks, on the sheet that wastes less. 970 px is a
# Letter sheet across and 718 px an A4 sheet upright, less their margins; the other size is wider
# each time. A row of a grid moves to the next sheet as a whole. Dark pages are printed dark: their
# charts would be light on white.
_PAPER = """<style>
@media print {
  @page { size: landscape; margin: 10mm }
  @page upright { size: portrait; margin: 10mm }
  html { zoom: var(--print-fit, .67); print-color-adjust: exact }
  [data-testid="stElementContainer"], [data-testid="stGridCell"] { break-inside: avoid }
  [data-testid="stLayoutWrapper"]:has(> [data-testid="stHorizontalBlock"] h2) { break-after: avoid }
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) {
    display: flex !important; break-inside: avoid
  }
}
</style><script>
if (!window.velocityPrints) {
  window.velocityPrints = true;
  addEventListener("beforeprint", () => {
    const upright = innerWidth < 1200, { style } = document.documentElement;
    style.setProperty("page", upright ? "upright" : "auto");
    style.setProperty("--print-fit", Math.min(1, (upright ? 718 : 970) / innerWidth));
  });
}
</script>"""


def prepare_browser() -> None:
    """Sets the page's frame, makes Back lead to the page before, and makes pages print whole."""
    st.html(_STYLE)
    st.html(_HISTORY, unsafe_allow_javascript=True)
    st.html(_PAPER, unsafe_allow_javascript=True)
