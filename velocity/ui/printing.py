"""Pages on paper: as they stand on the screen, small enough for a sheet."""

from __future__ import annotations

import streamlit as st

# Charts and tables are drawn for the width of the window and do not follow that of the sheet: so
# the page keeps the window's layout and shrinks, on the sheet that wastes less. 970 px is a Letter
# sheet across and 718 px an A4 sheet upright, less their margins; the other one is wider each time.
# What is in a cell of a grid moves to the next sheet with its row, which does not grow for it.
# Dark pages are printed dark: their charts would be light on white.
_FIT = """<style>
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


def fit_to_paper() -> None:
    """Makes the page print whole; called by the entry script."""
    st.html(_FIT, unsafe_allow_javascript=True)
