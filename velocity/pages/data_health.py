"""Data health: whether the figures can be trusted, counts first, and what to do about each."""

from __future__ import annotations

import streamlit as st

from velocity import formats, sentences, ui
from velocity.reading import reads
from velocity.ui import health as checks


def _draw() -> None:
    view = ui.view()
    unattributed = view.read(reads.unattributed)
    ambiguous = view.read(reads.ambiguous)
    syncs = view.read(reads.sync_log)
    residual = float(view.read(reads.littles_law_residual)["littles_law_residual_hours"].sum())
    view.say(
        f"{formats.plural(view.trust['runs'], 'run')}, times in {view.zone}",
        sentences.data_health(
            trust=view.trust,
            unattributed=unattributed,
            ambiguous=ambiguous,
            syncs=syncs,
            residual_hours=residual,
        ),
    )
    with st.grid(2, min_column_width=470, gap="medium"):
        checks.show_lines(unattributed, ambiguous)
        checks.show_flags(view)
        checks.show_restated(view)
        checks.show_syncs(view, syncs)
        checks.show_keys(view)
        checks.show_residual(residual)


PAGE = ui.Page("data_health", "Data health", (), ("lead",), _draw, 80, "Evidence")
