"""What the page sees, and who sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats
from velocity.reading import reads
from velocity.sentences.seen import SEEN_BY_OTHERS, seen_by, sees
from velocity.ui.drill import show_way
from velocity.ui.parts import heading
from velocity.ui.tables import show_rows

if TYPE_CHECKING:
    from velocity.ui.scholar.sheet import Sheet

_RUNS = ("volume", "automation")


def show_seen(sheet: Sheet) -> None:
    """What is missing, who sees what, and who looked."""
    view, who = sheet.view, sheet.who
    heading("What this page sees, and who sees it")
    counted = view.read(reads.metrics, by="scholar", groups=[sheet.scholar], parts=_RUNS)
    runs, automated = counted.select("runs_started", "automated_started").row(0)
    st.markdown(sees(runs, automated, view.trust["first_day"], sheet.whose))
    if view.viewer.email is None:
        st.markdown(SEEN_BY_OTHERS)
    elif view.is_own(sheet.scholar):
        streams = sheet.loops["stream"].drop_nulls().to_list()
        own = {
            it: name for it, name in view.stream_names.items() if it in {*streams, *who["streams"]}
        }
        leads = view.settings.access.leads_see_individuals
        st.markdown("**You** see all of it. By the current roster, others see:")
        rows = seen_by(view.roster, sheet.scholar, own, leads_see_individuals=leads)
        show_rows(rows, alt="Who sees what about you")
        kept = formats.plural(view.settings.access.views_kept_days, "day")
        looks = view.looks(sheet.scholar)
        if looks.is_empty():
            st.caption(f"Nobody else opened your pages in the last {kept}.")
        else:
            st.caption(f"Who opened your pages in the last {kept}; times in {view.zone}")
            show_rows(looks, alt="Who looked at your pages, latest first")
    else:
        name = formats.markdown(formats.label(who["name"]))
        st.markdown(
            f"You see {name}'s figures, runs and dates; no hours of the day, nights or days off. "
            f"{name} sees that you opened this page."
        )
    with st.container(horizontal=True, gap="small"):
        show_way("definitions", "Definitions")
        show_way("data_health", "Data health")
