"""Why this number: one figure of a scholar, a stream or the programme, from raw rows on."""

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
_LONGEST = 200  # characters of an id; ids often differ only at the end
_WEEK = timedelta(weeks=1)


def _draw() -> None:
    view = ui.view()
    with st.container(horizontal=True):
        found_group = _choose_group(view)
        if found_group is None:
            return
        whose, name = found_group
        scholar = whose.get("scholar")
        sees = view.scope.hours is None or (scholar is not None and view.scope.sees_hours(scholar))
        by = next(iter(whose), "programme")
        ways = explain.ways()
        known = [it for it in explain.explained(hours=sees) if by in ways[it].kinds]
        titles = {it: definition(it).title for it in known}
        metric = ui.choose_titled(
            "Figure", titles, key="metric", default="reaction_share", width=320
        )
        monday = _choose_week(view, whose, ways[metric].windows)
        found = view.read(explain.explain, **whose, metric=metric, week=monday)
        results = {it.of: it for it in found.results}
        of = next(iter(results), None)
        if of is not None and len(results) > 1:
            titles = {it: formats.label(each.title or it, _LONGEST) for it, each in results.items()}
            of = ui.choose_titled("Of", titles, key="of", default=of, width=420)
        result = None if of is None else results[of]
    view.say(
        f"{formats.markdown(formats.label(name))}, times in {view.zone}",
        why_this_number(found, result, name),
        window=found.window if found.week or found.at_end else None,
    )
    ui.show_explanation(found, result, hours=sees)


def _choose_group(view: ui.View) -> tuple[dict[str, str], str] | None:
    """Whose figure is explained, as keywords of `explain`, and the name; None without a scholar.

    Streams and the programme are offered to viewers who may see everybody in them.
    """
    choices: dict[str, tuple[dict[str, str], str]] = {}
    if view.scholar is not None:
        choices["scholar"] = {"scholar": view.scholar}, view.who(view.scholar)["name"]
    if view.scope.everything:
        choices["programme"] = {}, "the programme"
    for stream, name in view.stream_names.items():
        if view.scope.sees_stream(stream):
            choices[f"stream {stream}"] = {"stream": stream}, name
    if not choices:
        ui.empty_state("There is no scholar yet.", "velocity sync --project ENTITY/PROJECT")
        return None
    if len(choices) == 1:
        return next(iter(choices.values()))
    titles = {it: formats.label(name) for it, (_, name) in choices.items()}
    default = next(iter(choices))
    return choices[ui.choose_titled("Whose", titles, key="whose", default=default, width=200)]


def _choose_week(
    view: ui.View, whose: dict[str, str], windows: Literal["any", "end", "week"]
) -> date | None:
    """The Monday of the chosen week; None for all the data, or its end."""
    mondays: dict[str, date] = {}
    if windows != "end":
        weeks = view.read(explain.weeks, **whose)["week_start"]
        mondays = {it.isoformat(): it for it in weeks.reverse()}
    titles = {name: f"{formats.week(it)} {it.year}" for name, it in mondays.items()}
    # The running week has the least to say.
    complete = (name for name, it in mondays.items() if it + _WEEK <= view.window.end)
    default = next(complete, next(iter(mondays), _WHOLE))
    if windows != "week":
        default, titles = _WHOLE, {_WHOLE: _TITLES[windows]} | titles
    return mondays.get(ui.choose_titled("Week", titles, key="week", default=default, width=200))


PAGE = ui.Page(
    "why",
    "Why this number",
    ("scholar",),
    ("lead", "mentor", "research manager", "scholar"),
    _draw,
    70,
    "Evidence",
)
