"""Today: what finished, failed, runs and waits, and where something may be launched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity.sentences import today as words
from velocity.sentences.mine import linked
from velocity.sentences.today import next_step
from velocity.ui.drill import show_way

if TYPE_CHECKING:
    from velocity.ui.scholar.sheet import Sheet


def show_today(sheet: Sheet) -> None:
    """The list of the morning, for the scholar alone. Groups without rows stay as a caption."""
    st.header("Today", anchor=False, help=words.HELP)
    open_work = sheet.open_work
    step = next_step(sheet.today, open_work, sheet.facts, sheet.whose, sheet.zone)
    if step:
        st.markdown(step)
    for group in words.groups(sheet.today, open_work, sheet.zone):
        _show(sheet, group)
    for line in (words.free(sheet.today), words.night(sheet.today)):
        if line:
            st.caption(line)


def _show(sheet: Sheet, group: words.Group) -> None:
    if not group.rows:
        st.caption(f"0 {group.title}")
        return
    told = zip(group.rows, group.said, strict=False)
    lines = [f"{linked(row)} :small[{said}]" for row, said in told]
    st.markdown("  \n".join([f"**{len(group.rows)}** {group.title}", *lines]))
    if group.more:
        show_way("runs", f"\\+ {group.more} more", **{"runs-scholar": [sheet.scholar]})
