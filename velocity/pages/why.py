"""Why this number: one figure of a scholar, from raw rows to the headline."""

from __future__ import annotations

import polars as pl
import streamlit as st

from velocity import explain, formats, reads, ui
from velocity.sentences import why_this_number

_ALL = {"any": "All weeks", "end": "End of the data"}
_ROWS_SHOWN = 6


def _rows(frame: pl.DataFrame, title: str, caption: str, name: str) -> None:
    ui.heading(f"{title}: {formats.count(frame.height)}", caption, table=ui.Table(frame, name))
    if frame.height:
        ui.show_rows(frame, alt=title, rows_shown=_ROWS_SHOWN)


view = ui.view()
scholar = view.scholar
if scholar is None:
    ui.empty_state("There is no scholar yet.", "velocity sync --project ENTITY/PROJECT")
    st.stop()
weeks = view.read(reads.weekly, by="scholar", groups=[scholar])["week_start"].unique().sort()
known = explain.explained(hours=view.scope.sees_hours(scholar))
with st.container(horizontal=True):
    ui.forget_unknown("metric", known)
    metric = st.selectbox(
        "Figure",
        known,
        index=known.index("reaction_share"),
        key="metric",
        bind="query-params",
        width=320,
    )
    windows = explain.WAYS[metric].windows
    mondays = [] if windows == "end" else [it.isoformat() for it in reversed(weeks.to_list())]
    choices = [*([_ALL[windows]] if windows in _ALL else []), *mondays]
    ui.forget_unknown("week", choices)
    week = st.selectbox("Week", choices, key="week", bind="query-params", width=200)
    monday = pl.Series([week]).str.to_date()[0] if week in mondays else None
    found = view.read(explain.explain, scholar=scholar, metric=metric, week=monday)
    result = found.results[0] if found.results else None
    if len(found.results) > 1:
        titles = {it.of: formats.label(it.title or it.of) for it in found.results}
        ui.forget_unknown("of", [*titles])
        of = st.selectbox(
            "Of",
            [*titles],
            format_func=titles.__getitem__,
            key="of",
            bind="query-params",
            width=320,
        )
        result = next(it for it in found.results if it.of == of)
who = view.who(scholar)
view.say(
    f"{formats.markdown(formats.label(who['name']))}, times in {view.zone}",
    why_this_number(found, result),
)
ui.heading("The sum", formats.markdown(found.metric.text))
if result is not None:
    for step in result.steps:
        st.text(step)
    for part, total in enumerate(result.totals, start=1):
        how = "The rows of which the largest counts" if total.largest else "The rows added up"
        title = f"{total.unit[0].upper()}{total.unit[1:]} {total.text}"
        _rows(total.addends, title, how, f"part-{part}")
    if result.latencies is not None:
        lengths = "In order, with the share that lasts longer"
        _rows(result.latencies, "Lengths", lengths, "lengths")
with st.grid(2, min_column_width=470, gap="medium"):
    for frame, title, caption in (
        (found.runs, "Raw rows", "As W&B said, what they were taken for, and the rule that joined"),
        (found.sessions, "Sessions", "Stretches of activity; several for a resumed run"),
        (found.experiments, "Experiments", "Launch, signal and outcome"),
        (found.loops, "Loops", "Machine and reaction, and how each ended"),
        (found.left_out, "Excluded, imputed or flagged", "What does not count, or not as it was"),
    ):
        with st.container():
            _rows(frame, title, caption, title.lower().replace(" ", "-").replace(",", ""))
