"""Why this number: one figure of a scholar, from raw rows to the headline."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import streamlit as st

from velocity import explain, formats, ui
from velocity.reading.definitions import definition
from velocity.sentences import why_this_number

if TYPE_CHECKING:
    from datetime import date

_WHOLE = "all"
_TITLES = {"any": "All weeks", "end": "End of the data"}
_LONGEST = 200  # characters of an id, whose end tells it apart
_WEEK = timedelta(weeks=1)


def _choose_week(scholar: str, windows: Literal["any", "end", "week"]) -> date | None:
    """The Monday of the week that is chosen; None for all the data, or its end."""
    mondays: dict[str, date] = {}
    if windows != "end":
        weeks = view.read(explain.weeks, scholar=scholar)["week_start"]
        mondays = {it.isoformat(): it for it in weeks.reverse()}
    titles = {name: f"{formats.week(it)} {it.year}" for name, it in mondays.items()}
    # Of a week that still runs there is least to say.
    complete = (name for name, it in mondays.items() if it + _WEEK <= view.window.end)
    default = next(complete, next(iter(mondays), _WHOLE))
    if windows != "week":
        default, titles = _WHOLE, {_WHOLE: _TITLES[windows]} | titles
    return mondays.get(ui.choose_titled("Week", titles, key="week", default=default, width=200))


view = ui.view()
scholar = view.scholar
if scholar is None:
    ui.empty_state("There is no scholar yet.", "velocity sync --project ENTITY/PROJECT")
    st.stop()
hours = view.scope.sees_hours(scholar)
known = explain.explained(hours=hours)
with st.container(horizontal=True):
    metric = ui.choose_titled(
        "Figure",
        {it: definition(it).title for it in known},
        key="metric",
        default="reaction_share",
        width=320,
    )
    monday = _choose_week(scholar, explain.WAYS[metric].windows)
    found = view.read(explain.explain, scholar=scholar, metric=metric, week=monday)
    results = {it.of: it for it in found.results}
    of = next(iter(results), None)
    if of is not None and len(results) > 1:
        titles = {it: formats.label(each.title or it, _LONGEST) for it, each in results.items()}
        of = ui.choose_titled("Of", titles, key="of", default=of, width=420)
    result = None if of is None else results[of]
name = view.who(scholar)["name"]
view.say(
    f"{formats.markdown(formats.label(name))}, times in {view.zone}",
    why_this_number(found, result, name),
    window=found.window if found.week or found.at_end else None,
)
ui.show_explanation(found, result, hours=hours)
