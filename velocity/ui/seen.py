"""What others can see of a scholar, and who looked: for the scholar alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from velocity import formats
from velocity.reading import reads
from velocity.sentences.seen import SEEN_BY_OTHERS, seen_by
from velocity.ui.parts import heading
from velocity.ui.tables import show_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velocity.ui.view import View


def show_seen(view: View, who: Mapping[str, Any]) -> None:
    """Who sees what, by role, and who looked; nothing where somebody else is looking.

    Args:
        view: by whom the page is seen.
        who: the scholar, a row of `reads.scholars`.
    """
    if view.viewer.email is None:
        heading(f"What others can see of {formats.markdown(formats.label(who['name']))}")
        st.markdown(SEEN_BY_OTHERS)
        return
    scholar = who["scholar"]
    if not view.is_own(scholar):
        return
    streams = view.read(reads.experiments, scholar=scholar)["stream"].drop_nulls().to_list()
    known = dict(view.read(reads.streams).select("stream", "name").iter_rows())
    theirs = {it: name for it, name in known.items() if it in {*streams, *who["streams"]}}
    heading(
        "What others can see of you",
        "By the roster as it stands now. Every scholar sees quartiles of at least 8 others, which "
        "name nobody; a day's figures are yours alone",
    )
    show_rows(seen_by(view.roster, scholar, theirs, **view.policy), alt="Who sees what of you")
    looks = view.looks(scholar)
    heading(
        "Who looked at your pages",
        "My velocity, Why this number, or Runs with yours alone, opened by others in the last "
        f"{formats.plural(view.settings.access.views_kept_days, 'day')}; times in {view.zone}",
    )
    if looks.is_empty():
        st.markdown("Nobody has.")
    else:
        show_rows(looks, alt="Who looked at your pages, latest first")
