"""The marks of a timeline: strip, runs, signals, waits. Times are naive local ones."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from velocity import formats
from velocity.charts.base import Part, hatch, hover, iso, safe
from velocity.charts.lanes import pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from velocity.theme import Tokens

Row = dict[str, Any]
_Line = tuple[tuple[datetime, int], tuple[datetime, int]]  # (when, lane) twice

#: Heights in a lane: of one run alone, of several together, and of the gap between two.
_ONE, _ALL, _GAP = 13 / 38, 26 / 38, 2 / 38
_MIN_LANE_FOR_GAPS = 4 / 38
#: The last part of a running bar fades out, in slices.
_FADE_PART, _FADES = 0.28, (0.75, 0.55, 0.35, 0.18)
_TAIL_PART = 0.03
_CLASSES = {
    "running": "running",
    "failed": "failed",
    "crashed": "failed",
    "killed": "killed",
    "stale": "stale",
}


def strip(stretches: Iterable[Row], colour: Tokens) -> list[Part]:
    """Bars of the time with one experiment in flight, and with two or more."""
    sides: dict[bool, list[Row]] = {False: [], True: []}
    for stretch in stretches:
        sides[stretch["parallel"]].append(stretch)
    names = {False: ("one experiment", colour.serial), True: ("two or more", colour.parallel)}
    traces = []
    for parallel, rows in sides.items():
        words, fill = names[parallel]
        if rows:
            bars = [
                _bar(row["start_at"], row["end_at"], 0.5, 1, [_stretch_words(row, words)])
                for row in rows
            ]
            marker = {"color": fill, "line": {"width": 0.5, "color": fill}}
            traces.append(_bar_trace(bars, marker) | {"yaxis": "y2"})
    return traces


def runs(
    rows: Sequence[Row], experiments: Sequence[Row], *, pitch: float, colour: Tokens
) -> list[Part]:
    """One trace of bars for each state; running bars fade towards now.

    Args:
        rows: sessions; those of one run share a row in the lane.
        experiments: with their `lane`.
        pitch: px from lane to lane.
        colour: the palette.
    """
    bars: dict[str, list[Part]] = defaultdict(list)
    by_id = {row["experiment_id"]: row for row in experiments}
    for experiment_id, sessions in _by(rows, "experiment_id").items():
        experiment = by_id[experiment_id]
        for session, at, height in _split(sessions, experiment["lane"], pitch):
            custom = [_run_words(session, experiment), experiment_id, session["run_id"]]
            bars[kind(session["class"])].append(
                _bar(session["started_at"], session["ended_at"], at, height, custom)
            )
    solid = {"color": colour.machine, "line": {"width": 1, "color": colour.machine}}
    styles: dict[str, Part] = {
        "run": solid,
        "failed": {
            "color": colour.failed,
            "line": {"width": 1, "color": colour.failed},
            "pattern": hatch(colour.bg),
        },
        "killed": _outline(colour.killed),
        "stale": _outline(colour.stale),
    }
    traces = [_bar_trace(bars[name], style) for name, style in styles.items() if bars[name]]
    if bars["running"]:
        traces += _fading(bars["running"], colour)
    return traces


def stale_tails(
    rows: Sequence[Row],
    experiments: Sequence[Row],
    *,
    window: timedelta,
    as_of: datetime,
    colour: Tokens,
) -> list[Part]:
    """A short dotted line after each run presumed dead: nobody knows when it ended."""
    lanes = {row["experiment_id"]: row["lane"] for row in experiments}
    tail = window * _TAIL_PART
    lines = [
        ((row["ended_at"], lanes[row["experiment_id"]]), (until, lanes[row["experiment_id"]]))
        for row in rows
        if row["class"] == "stale"
        for until in [min(row["ended_at"] + tail, as_of)]
    ]
    return _lines(lines, {"color": colour.stale, "width": 2, "dash": "dot"})


def waited_until(row: Row, as_of: datetime, abandoned_after: timedelta) -> datetime | None:
    """Where the wait after an experiment's signal ends; None where there is none."""
    signal: datetime | None = row["signal_at"]
    if signal is None or row["loop_status"] not in {"closed", "awaiting", "abandoned"}:
        return None
    if row["loop_status"] == "closed":
        closed: datetime = row["next_at"]
        return max(closed, signal)
    if row["loop_status"] == "awaiting":
        return max(as_of, signal)
    return min(signal + abandoned_after, max(as_of, signal))


def waits(
    experiments: Sequence[Row],
    as_of: datetime,
    abandoned_after: timedelta,
    *,
    drops: bool,
    colour: Tokens,
) -> list[Part]:
    """Lines from each signal to the next launch and, with `drops`, to its lane.

    Waits that no launch has ended are dotted.
    """
    lane_of_start: dict[datetime, int] = {}
    for row in experiments:
        lane_of_start.setdefault(row["started_at"], row["lane"])
    answered: list[_Line] = []
    falls: list[_Line] = []
    unanswered: list[_Line] = []
    for row in experiments:
        until = waited_until(row, as_of, abandoned_after)
        if until is None:
            continue
        line = ((row["signal_at"], row["lane"]), (until, row["lane"]))
        if row["loop_status"] != "closed":
            unanswered.append(line)
            continue
        answered.append(line)
        next_lane = lane_of_start.get(row["next_at"], int(row["lane"]))
        if drops and next_lane != row["lane"]:
            falls.append(((until, row["lane"]), (until, next_lane)))
    style = {"color": colour.reaction, "width": 2}
    return [
        *_lines(answered, style),
        *_lines(falls, style | {"width": 1.25}),
        *_lines(unanswered, style | {"dash": "dot"}),
    ]


def signals(experiments: Sequence[Row], colour: Tokens) -> list[Part]:
    """A dot at each signal, with how long its result waited."""
    rows = [row for row in experiments if row["signal_at"] is not None]
    if not rows:
        return []
    edge = {"width": 1, "color": colour.bg}
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [iso(row["signal_at"]) for row in rows],
            "y": [row["lane"] for row in rows],
            "marker": {"size": 6, "color": colour.reaction, "line": edge},
            "unselected": {"marker": {"opacity": 1}},
            "customdata": [[_signal_words(row), row["experiment_id"], None] for row in rows],
            "hovertemplate": "%{customdata[0]}<extra></extra>",
        }
    ]


def _split(sessions: Sequence[Row], lane: int, pitch: float) -> Iterable[tuple[Row, float, float]]:
    """Each session with its height and middle: runs that overlap share the lane's height."""
    by_run = _by(sessions, "run_id")
    spans = [
        (min(row["started_at"] for row in own), max(row["ended_at"] for row in own))
        for own in by_run.values()
    ]
    rows = pack(spans)
    count = max(rows) + 1
    # Thin lanes have no pixels to spare for gaps.
    gap = _GAP if count > 1 and _ALL / count > _MIN_LANE_FOR_GAPS and pitch * _GAP >= 1 else 0
    height = _ONE if count == 1 else (_ALL - gap * (count - 1)) / count
    top = lane - (height * count + gap * (count - 1)) / 2
    for row, own in zip(rows, by_run.values(), strict=True):
        for session in own:
            yield session, top + row * (height + gap) + height / 2, height


def _fading(bars: Sequence[Part], colour: Tokens) -> list[Part]:
    slices = [(0.0, 1 - _FADE_PART, 1.0)] + [
        (1 - _FADE_PART + _FADE_PART / len(_FADES) * at, _FADE_PART / len(_FADES), opacity)
        for at, opacity in enumerate(_FADES)
    ]
    return [
        _bar_trace(
            [bar | {"base": bar["base"] + bar["x"] * offset, "x": bar["x"] * part} for bar in bars],
            {"color": colour.machine, "line": {"width": 0}, "opacity": opacity},
        )
        for offset, part, opacity in slices
    ]


def _bar(start: datetime, end: datetime, at: float, height: float, custom: list[Any]) -> Part:
    return {"base": start, "x": end - start, "y": at, "width": height, "customdata": custom}


def _bar_trace(bars: Sequence[Part], marker: Part) -> Part:
    return {
        "type": "bar",
        "orientation": "h",
        "base": [iso(bar["base"]) for bar in bars],
        "x": [bar["x"] / timedelta(milliseconds=1) for bar in bars],
        "y": [bar["y"] for bar in bars],
        "width": [bar["width"] for bar in bars],
        "marker": marker,
        # A click says which experiment; it must not fade all others.
        "unselected": {"marker": {"opacity": marker.get("opacity", 1)}},
        "customdata": [bar["customdata"] for bar in bars],
        "hovertemplate": "%{customdata[0]}<extra></extra>",
    }


def _lines(lines: Sequence[_Line], style: Part) -> list[Part]:
    if not lines:
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [place for a, b in lines for place in (iso(a[0]), iso(b[0]), None)],
            "y": [place for a, b in lines for place in (a[1], b[1], None)],
            "line": style,
            "hoverinfo": "skip",
        }
    ]


def _outline(line: str) -> Part:
    return {"color": "rgba(0,0,0,0)", "line": {"width": 1.5, "color": line}}


def kind(state_class: str) -> str:
    """How a run's state class is drawn: run, failed, killed, stale or running."""
    return _CLASSES.get(state_class, "run")


def _by(rows: Iterable[Row], column: str) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _moment(moment: datetime) -> str:
    return f"{formats.weekday(moment)}, {formats.clock(moment)}"


def _stretch_words(row: Row, words: str) -> str:
    hours = (row["end_at"] - row["start_at"]) / timedelta(hours=1)
    lasted = f"{words} in flight, {formats.duration(hours)}"
    return hover([lasted, f"from {_moment(row['start_at'])}"])


def _run_words(session: Row, experiment: Row) -> str:
    hours = (session["ended_at"] - session["started_at"]) / timedelta(hours=1)
    end = "now" if session["class"] == "running" else _moment(session["ended_at"])
    return hover(
        [
            f"<b>{safe(session['display_name'] or session['run_id'])}</b>",
            f"{safe(session['class'])}, {formats.duration(hours)}",
            f"{_moment(session['started_at'])} to {end}",
            f"experiment {safe(experiment['label'])}, {safe(experiment['outcome'])}",
        ]
    )


def _signal_words(row: Row) -> str:
    lines = [f"<b>{safe(row['label'])}</b>", f"signal {_moment(row['signal_at'])}"]
    if row["loop_status"] == "closed":
        hours = (row["next_at"] - row["signal_at"]) / timedelta(hours=1)
        lines.append(f"next launch after {formats.duration(hours)}")
    elif row["loop_status"] != "none":
        lines.append(safe(row["loop_status"]))
    return hover(lines)
