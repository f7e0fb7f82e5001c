"""Today: what finished, failed, runs and waits, and where something may be launched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats
from velocity.sentences import mine as words
from velocity.ui.drill import show_way

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from velocity.sentences.answer import Row
    from velocity.ui.scholar.sheet import Sheet


def show_today(sheet: Sheet) -> None:
    """The list of the morning, for the scholar alone. Groups without rows stay as a caption."""
    today, zone = sheet.today, sheet.zone
    st.header("Today", anchor=False, help=words.TODAY_HELP)
    since = words.since_words(today.since)
    _group(sheet, today.finished, f"finished since {since}", lambda it: words.finished(it, zone))
    _group(sheet, today.failed, "failed, not followed up", lambda it: words.finished(it, zone))
    likely = {row["experiment_id"]: row for row in sheet.open_work.iter_rows(named=True)}
    _group(
        sheet,
        today.running,
        "running",
        lambda it: words.running(it, likely.get(it["experiment_id"]), zone),
    )
    _group(sheet, today.waiting, "waiting for the next launch", lambda it: words.waiting(it, zone))
    if today.free:
        free = ", ".join(formats.markdown(formats.label(it, 24)) for it in today.free)
        st.caption(f"Nothing in flight in {free}: free to launch.")
    if today.evening and not today.running:
        st.caption("Nothing is queued for the night.")


def _group(sheet: Sheet, rows: Sequence[Row], title: str, said: Callable[[Row], str]) -> None:
    if not rows:
        st.caption(f"0 {title}")
        return
    lines = [f"**{len(rows)}** {title}", *words.today_rows(rows, said)]
    st.markdown("  \n".join(lines))
    if len(rows) > words.MOST_OF_TODAY:
        more = f"\\+ {len(rows) - words.MOST_OF_TODAY} more"
        show_way("runs", more, **{"runs-scholar": [sheet.scholar]})
