"""Groups: published weeks of streams, for those who may not see people."""

from datetime import timedelta

import streamlit as st

from velocity import formats
from velocity.reading import reads
from velocity.sentences.groups import in_words, last_week
from velocity.ui.page import Page
from velocity.ui.parts import Table, empty_state, heading
from velocity.ui.share import show_share
from velocity.ui.tables import show_rows
from velocity.ui.view import current_view


def _draw() -> None:
    view = current_view()
    weeks = view.read(reads.group_weeks)
    if weeks.is_empty():
        view.say("groups of at least 5 people", last_week(weeks), window="whole weeks")
        empty_state(
            "No week is published yet. The first sync at least 48 hours after the end of a week "
            "publishes it, if the streams in the roster have at least 5 members in total.",
            '[[streams]]\nmembers = [{ scholar = "ID" }]',
        )
        return
    first, last = weeks["week_start"].sort().gather([0, -1])
    over = formats.span(first, last + timedelta(days=6))
    view.say("groups of at least 5 people", last_week(weeks), window=over)
    show_share(view, last)
    for (name,), rows in in_words(weeks).group_by("group_name", maintain_order=True):
        caption = f"One row per week, latest first, {formats.plural(rows.height, 'week')}"
        if blank := int((~rows["visible"]).sum()):
            caption += (
                f"; {formats.plural(blank, 'week')} blank: fewer than 4 people were active, not "
                "counting people whom you can see by name"
            )
        shown = rows.sort("week_start", descending=True).drop("group_id", "group_name", "visible")
        key = f"group-{rows['group_id'][0].replace(' ', '-')}"
        heading(formats.markdown(formats.label(str(name))), caption, table=Table(rows, key))
        show_rows(shown, alt=f"Weeks of {name}")
    st.caption(
        "A published week never changes, even if runs arrive later or the roster or definitions "
        "change. Amounts are rounded to the nearest 5 and shares to the nearest 5 points; a share "
        "of fewer than 100 runs or hours is not shown."
    )


PAGE = Page("groups", "Groups", (), ("group lead",), _draw, 20)
