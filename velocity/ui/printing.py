"""Pages on paper: as they stand on the screen, small enough for a sheet across."""

from __future__ import annotations

import streamlit as st

# Charts and tables are drawn for the width of the window and do not follow that of the sheet: so
# the page keeps the window's layout and shrinks. 970 px is a Letter sheet across, less its margins;
# A4 is wider. Dark pages are printed dark: their charts would be light on white.
_FIT = """<style>
@media print {
  @page { size: landscape; margin: 10mm }
  html { zoom: var(--print-fit, .67); print-color-adjust: exact }
  [data-testid="stElementContainer"] { break-inside: avoid }
  h2 { break-after: avoid }
}
</style><script>
if (!window.velocityPrints) {
  window.velocityPrints = true;
  addEventListener("beforeprint", () => {
    document.documentElement.style.setProperty("--print-fit", Math.min(1, 970 / innerWidth));
  });
}
</script>"""


def fit_to_paper() -> None:
    """Makes the page print whole; called by the entry script."""
    st.html(_FIT, unsafe_allow_javascript=True)
