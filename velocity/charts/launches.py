"""Two weeks of launches with one column per day: days only, never times of day."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from velocity import formats
from velocity.charts.base import Canvas, Chart, hidden, iso
from velocity.charts.marks import box, dots, marker, rule, upright
from velocity.charts.words import Part, bold, hover, key, safe, words_at
from velocity.theme import LIGHT

_LANE, _TOP, _BOTTOM = 12, 42, 24
#: More would not leave room on a screen for the rest of the sheet.
_MOST_LANES = 6
_DAY = timedelta(days=1)
#: Where in the column of its day a launch begins, a result comes, and the next launch is.
_BEGINS, _RESULT, _NEXT = 0.08, 0.6, 0.94
_FAILED = ("failure", "false_start")
_HALF_BAR = 0.28


def draw_launches(
    rows: Sequence[Mapping[str, Any]], *, first: date, last: date, title: str
) -> Chart:
    """Bars from launch to result, thin lines from result to next launch, crosses for failures.

    Where a mark begins within the column of its day says nothing. A dotted line still waits.

    - `rows`: `experiment_id`, `label`, `outcome`, `loop_status`, and the local days `launched`,
      `result` and `next` (null if there is none); in order of launch.
    - `first`, `last`: the days shown. Rows that touch none of them are left out.
    """
    shown = [row for row in rows if row["launched"] <= last and _touches(row, first)]
    lanes = _packed(shown, last)
    left_out = len(shown) - len(lanes)
    count = max((lane for lane, _ in lanes), default=0) + 1
    canvas = Canvas(title, _TOP + _BOTTOM + _LANE * count, (4, 4, _TOP, _BOTTOM))
    if not lanes:
        return canvas.blank("No launch in these two weeks")
    meanings = [
        ("■", LIGHT.machine, "launch to result"),
        ("━", LIGHT.reaction, "result to next launch (dotted: still waiting)"),
        ("✕", LIGHT.failed, "failed"),
    ]
    if left_out:
        meanings.append(("+", LIGHT.muted, f"{formats.count(left_out)} not drawn"))
    waiting = [(lane, row) for lane, row in lanes if _waits(row)]
    failures = [(lane, row) for lane, row in lanes if row["outcome"] in _FAILED and row["result"]]
    days = [first + at * _DAY for at in range((last - first).days + 2)]
    between: Part = {"width": 1, "color": LIGHT.border}
    end: Part = {"xref": "x", "yref": "y", "xanchor": "right", "yanchor": "bottom", "yshift": 4}
    layout: Part = {
        "shapes": [
            *(upright(iso(day), between, yref="paper") for day in days),
            *(mark for lane, row in lanes for mark in _marks(row, lane, last)),
        ],
        "annotations": [
            # Above the name of a result that waits, in the first lane.
            key(meanings, lift=20),
            *(
                words_at(
                    f"{bold(safe(row['label'], 20))}, {_result(row)}", x=_at(last, 0.99), y=0, **end
                )
                for lane, row in waiting
                if lane == 0
            ),
        ],
        "xaxis": {
            "type": "date",
            "range": [iso(days[0]), iso(days[-1])],
            "tickvals": [_at(it, 0.5) for it in days[:-1]],
            "ticktext": [formats.weekday(it) for it in days[:-1]],
            "showgrid": False,
        },
        "yaxis": hidden(count - 0.4, -0.6),
    }
    cross = {"symbol": "x", "color": LIGHT.failed, "size": 10}
    edge = {"line": {"width": 1, "color": LIGHT.bg}}
    # Dots without colour carry the words, and what a click chooses.
    traces = [
        dots(
            [_at(row[day], part) for _, row in found],
            [lane for lane, _ in found],
            look,
            [[_words(row), row["experiment_id"]] for _, row in found],
        )
        for found, day, part, look in (
            (lanes, "launched", (_BEGINS + _RESULT) / 2, marker(None, 13)),
            (failures, "result", _RESULT, cross | edge),
        )
        if found
    ]
    not_drawn = f"; {formats.plural(left_out, 'launch')} not drawn" if left_out else ""
    alt = (
        f", {formats.span(first, last)}: {formats.plural(len(shown), 'experiment')}, "
        f"{len(failures)} failed, {len(waiting)} with a result that waits{not_drawn}."
    )
    return canvas.chart(traces, layout, alt)


def _waits(row: Mapping[str, Any]) -> bool:
    return bool(row["loop_status"] == "awaiting")


def _touches(row: Mapping[str, Any], first: date) -> bool:
    """Whether anything of a row is to be seen from the first day on."""
    if row["result"] is None or _waits(row):
        return True
    return bool(row["result"] >= first or (row["next"] is not None and row["next"] > first))


def _packed(rows: Sequence[Mapping[str, Any]], last: date) -> list[tuple[int, Mapping[str, Any]]]:
    """Each row with the first lane that is free on its days, if any is.

    The latest result that waits comes first: it is what the chart is for, and the first lane has
    room for its name.
    """
    top = max((at for at, row in enumerate(rows) if _waits(row)), default=None)
    taken: list[list[tuple[date, date]]] = []
    placed: dict[int, int] = {}
    for at in sorted(range(len(rows)), key=lambda it: it != top):
        row = rows[at]
        over = row["result"] is not None and not _waits(row)
        first, end = row["launched"], row["next"] or row["result"] if over else last
        free = (
            lane
            for lane, spans in enumerate(taken)
            if all(end < begun or ended < first for begun, ended in spans)
        )
        lane = next(free, len(taken))
        if lane < _MOST_LANES:
            taken[lane:] = taken[lane:] or [[]]
            taken[lane].append((first, end))
            placed[at] = lane
    return [(placed[at], rows[at]) for at in sorted(placed)]


def _at(day: date, part: float) -> str:
    """A place in the column of a day."""
    minutes = round(part * 24 * 60)
    return f"{iso(day)} {minutes // 60:02}:{minutes % 60:02}"


def _marks(row: Mapping[str, Any], lane: int, last: date) -> list[Part]:
    result, upcoming, waits = row["result"], row["next"], _waits(row)
    end = until = iso(last + _DAY)
    if result is not None:
        end = _at(result, _RESULT)
    # The crosses of failures lie on it.
    lane_of_bar = (lane - _HALF_BAR, lane + _HALF_BAR)
    bar = box((_at(row["launched"], _BEGINS), end), lane_of_bar, LIGHT.machine)
    if result is None or (upcoming is None and not waits):
        return [bar]
    if upcoming is not None:
        until = _at(upcoming, _NEXT if upcoming == result else _BEGINS)
    wait = {"width": 2.5, "color": LIGHT.reaction, "dash": "dot" if waits else "solid"}
    return [bar, rule((end, until), (lane, lane), wait, layer="below")]


def _result(row: Mapping[str, Any]) -> str:
    what = "failed" if row["outcome"] in _FAILED else "result"
    return f"{what} {formats.dated(row['result'])}"


def _words(row: Mapping[str, Any]) -> str:
    then = "nothing launched since" if _waits(row) else ""
    if row["next"] is not None:
        then = f"next launch {formats.dated(row['next'])}"
    found = ("no result yet", "") if row["result"] is None else (_result(row), then)
    return hover(bold(safe(row["label"])), f"launched {formats.dated(row['launched'])}", *found)
