"""Groups: streams by whole weeks, for those who may not see people."""

from __future__ import annotations

import streamlit as st

from velocity import formats, sentences, ui
from velocity.reading import reads


def _draw() -> None:
    view = ui.view()
    weeks = view.read(reads.group_weeks)
    view.say("groups of at least 5 people, whole weeks", sentences.groups(weeks=weeks))
    if weeks.is_empty():
        ui.empty_state(
            "There are no groups yet: streams need at least 5 members in the roster between them, "
            "and a whole week of data.",
            '[[streams]]\nmembers = [{ scholar = "ID" }]',
        )
        st.stop()
    ui.show_digest(view, weeks["week_start"].sort()[-1])
    for (name,), rows in weeks.group_by("group_name", maintain_order=True):
        blank = int((~rows["visible"]).sum())
        caption = f"A row a week, latest first, {formats.plural(rows.height, 'whole week')}"
        if blank:
            caption += f"; {formats.plural(blank, 'week')} blank: fewer than 4 people were active"
        shown = rows.sort("week_start", descending=True).drop("group_id", "group_name", "visible")
        key = f"group-{rows['group_id'][0].replace(' ', '-')}"
        ui.heading(formats.markdown(formats.label(str(name))), caption, table=ui.Table(rows, key))
        ui.show_rows(shown, alt=f"Weeks of {name}")


PAGE = ui.Page("groups", "Groups", (), ("group lead",), _draw, 20)
