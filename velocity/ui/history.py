"""One entry of the browser's history for a page, whatever was chosen on it.

Streamlit adds an entry whenever a run of the script writes the address: a page whose choices hold
from another page had two, and Back led from the page to itself.
"""

from __future__ import annotations

import streamlit as st

# The address of a page that is left is put back as it was at the last click or key: the run that
# leads to the next page has taken out by then what the next page does not choose.
_SCRIPT = """<script>
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


def keep_history() -> None:
    """Makes Back lead to the page before, with its choices; called by the entry script."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)
