"""Why this number: links to it from the figures of other pages, and its choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import explain, formats
from velocity.reading import reads
from velocity.reading.definitions import columns, definition
from velocity.reading.periods import Window, whole_week
from velocity.ui.choices import choose_titled
from velocity.ui.drill import show_way
from velocity.ui.parts import empty_state

if TYPE_CHECKING:
    from velocity.explain import Explanation, Result
    from velocity.reading.viewed import ViewedDays
    from velocity.ui.view import View

_PROGRAMME = "programme"
_LONGEST = 200  # characters of an id; ids often differ only at the end


def show_why(
    view: ViewedDays,
    metric: str,
    *,
    scholar: str | None = None,
    stream: str | None = None,
    window: Window | None = None,
    label: str = "why",
) -> None:
    """A link to a figure's rows, for viewers who may see all of them; nothing for others.

    Args:
        view: of the page.
        metric: id of the figure.
        scholar: whose figure it is.
        stream: whose it is if it is not a scholar's; without either it is the programme's.
        window: its days, if they are not those of the page.
        label: Markdown.
    """
    scope = view.scope
    own = scholar is not None and scope.sees_hours(scholar)
    if columns()[metric].private and not (own or scope.hours is None):
        return
    choices = {"metric": metric, "whose": _PROGRAMME}
    if scholar is not None:
        known = scholar in view.read(reads.scholars)["scholar"]
        sees = known and scope.sees_whole(scholar)
        choices |= {"whose": "scholar", "scholar": scholar}
    elif stream is not None:
        sees = scope.sees_stream(stream)
        choices["whose"] = _of_stream(stream)
    else:
        sees = scope.everything
    if sees:
        days = {} if window is None else {"period": window.written}
        show_way("why", label, **choices, **days)


def choose_figure(view: View) -> tuple[Explanation, Result | None, str] | None:
    """The explanation of the chosen figure, the chosen one of its results, and whose it is."""
    group = _choose_group(view)
    if group is None:
        return None
    whose, name = group
    by = next(iter(whose), _PROGRAMME)
    ways = explain.ways()
    known = [
        it for it in explain.explained(hours=sees_hours(view, **whose)) if by in ways[it].kinds
    ]
    titles = {it: definition(it).title for it in known}
    metric = choose_titled("Figure", titles, key="metric", default="reaction_share", width=320)
    window: Window | None = view.window
    if ways[metric].windows != "any":
        week = whole_week(view.window.last)
        window = week if ways[metric].windows == "week" else None
    found = view.read(explain.explain, **whose, metric=metric, window=window)
    return found, _choose_result(found), name


def sees_hours(view: View, scholar: str | None = None, **_: str) -> bool:
    """Whether the viewer may see the hours of the day of everybody in a group."""
    return view.scope.hours is None or (scholar is not None and view.scope.sees_hours(scholar))


def _choose_result(found: Explanation) -> Result | None:
    results = {it.of: it for it in found.results}
    if len(results) < 2:  # noqa: PLR2004 - no choice
        return next(iter(results.values()), None)
    titles = {it: formats.label(each.title or it, _LONGEST) for it, each in results.items()}
    first = next(iter(results))
    return results[choose_titled("Of", titles, key="of", default=first, width=420)]


def _choose_group(view: View) -> tuple[dict[str, str], str] | None:
    """Whose figure is explained, as keywords of `explain`, and the name; None without anybody.

    Streams and the programme are offered to viewers who may see everybody in them.
    """
    choices: dict[str, tuple[dict[str, str], str]] = {}
    if view.scholar is not None:
        choices["scholar"] = {"scholar": view.scholar}, view.who(view.scholar)["name"]
    if view.scope.everything:
        choices[_PROGRAMME] = {}, "the programme"
    for stream, name in view.stream_names.items():
        if view.scope.sees_stream(stream):
            choices[_of_stream(stream)] = {"stream": stream}, name
    if not choices:
        empty_state("There are no scholars yet.", "velocity init")
        return None
    if len(choices) == 1:
        return next(iter(choices.values()))
    titles = {it: formats.label(name) for it, (_, name) in choices.items()}
    default = next(iter(choices))
    return choices[choose_titled("Whose", titles, key="whose", default=default, width=200)]


def _of_stream(stream: str) -> str:
    return f"stream {stream}"
