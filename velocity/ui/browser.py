"""Styles and scripts that every page sends to the browser."""

from __future__ import annotations

import streamlit as st

from velocity.theme import tokens
from velocity.ui.paper import paper
from velocity.ui.parts import theme_mode

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


def prepare_browser() -> None:
    """Sets the page's frame, makes Back open the previous page, and lets pages print completely."""
    accent = tokens(theme_mode()).accent
    st.html(f"<style>:root {{ --velocity-accent: {accent} }}</style>{_STYLE}")
    st.html(_HISTORY, unsafe_allow_javascript=True)
    st.html(paper(theme_mode()), unsafe_allow_javascript=True)
