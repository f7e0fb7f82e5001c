"""The marks of a timeline: strip, runs, results, waits. Times are naive and local."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from velocity import formats
from velocity.charts import marks
from velocity.charts.base import Part, iso, safe
from velocity.charts.marks import hatched, hover, outline, solid
from velocity.theme import SMALL_FONT_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from velocity.theme import Tokens

Row = dict[str, Any]
_Line = tuple[tuple[datetime, float], tuple[datetime, float]]  # (when, lane) twice

#: Heights in a lane: a single run, several runs together, and the gap between two.
_ONE, _ALL, _GAP = 14 / 34, 18 / 34, 2 / 34
_MIN_LANE_FOR_GAPS = 4 / 34
#: Runs are in the lower part of their lane, names above them.
_RUNS_BELOW, _NAME_ABOVE = 6 / 34, 11 / 34
#: Width of a letter of a name, px, and the width of the plot in a usual window.
_LETTER, _PLOT_WIDTH = 6.2, 1190
_LONGEST_NAME = 24
#: The end of a running bar fades out in slices.
_FADE_PART, _FADES = 0.28, (0.75, 0.55, 0.35, 0.18)
_TAIL_PART = 0.03
#: More lanes could not be told apart. With more than half of them, the lines between lanes would
#: cover everything.
_MOST_LANES, _MOST_LANES_WITH_DROPS = 24, 12
#: Results of more experiments in a line would hide its bars.
_MOST_LARGE_DOTS = 60
_ABANDONED_AFTER = timedelta(days=5)
_KINDS = {"crashed": "failed"} | {it: it for it in ("running", "failed", "killed", "stale")}


def kind(state_class: str) -> str:
    """How a run's state class is drawn: run, failed, killed, stale or running."""
    return _KINDS.get(state_class, "run")


def pack(spans: Sequence[tuple[datetime, datetime]]) -> list[int]:
    """The lane, from 0, of each `[start, until)` span: the lowest that is free at its start.

    Spans may be in any order. The earliest start chooses first; ties keep the given order.
    """
    free_from: list[datetime] = []
    lanes = [0] * len(spans)
    for place in sorted(range(len(spans)), key=lambda place: spans[place][0]):
        start, until = spans[place]
        lane = next((at for at, free in enumerate(free_from) if free <= start), len(free_from))
        free_from[lane : lane + 1] = [until]
        lanes[place] = lane
    return lanes


def strip(stretches: Iterable[Row], colour: Tokens) -> list[Part]:
    """Bars of the time with one experiment in flight, and with two or more."""
    traces = []
    rows = _by(stretches, "parallel")
    for parallel, words, fill in (
        (False, "one experiment", colour.serial),
        (True, "two or more", colour.parallel),
    ):
        if rows[parallel]:
            bars = [
                _bar(row["start_at"], row["end_at"], 0.5, 1, [_stretch_words(row, words)])
                for row in rows[parallel]
            ]
            look = {"color": fill, "line": {"width": 0.5, "color": fill}}
            traces.append(_bar_trace(bars, look) | {"yaxis": "y2"})
    return traces


@dataclass(frozen=True)
class Spell:
    """Days without work, one after another: from `start` to `end`, local times."""

    start: datetime
    end: datetime
    what: str


def spells(days: Iterable[Row], start: datetime, end: datetime) -> list[Spell]:
    """Days (`day`, `what`), in order, joined where they follow each other and are alike."""
    found: list[Spell] = []
    for row in days:
        low = datetime.combine(row["day"], time())
        high = min(low + timedelta(days=1), end)
        if found and found[-1].end == low and found[-1].what == row["what"]:
            found[-1] = replace(found[-1], end=high)
        elif max(low, start) < high:
            found.append(Spell(max(low, start), high, row["what"]))
    return found


def days_off(spells: Sequence[Spell], lanes: int, colour: Tokens) -> list[Part]:
    """A hatch behind all lanes."""
    if not spells:
        return []
    hatch = {"shape": "/", "fgcolor": colour.border, "size": 9, "solidity": 0.12}
    look = {"color": colour.band, "line": {"width": 0}, "pattern": hatch | {"fillmode": "overlay"}}
    bars = [_bar(it.start, it.end, (lanes - 1) / 2, lanes, [""]) for it in spells]
    return [_bar_trace(bars, look) | {"hoverinfo": "skip", "hovertemplate": None}]


@dataclass(frozen=True)
class Lanes:
    """Experiments in lanes, line by line; each row has its `lane`.

    Args:
        rows: the experiments.
        as_of: end of the data.
        lines: project and first lane of each line, from the top down.
        left_out: project -> how many of its experiments have no lane; only lines with any.
    """

    rows: list[Row]
    as_of: datetime
    lines: list[tuple[str, int]]
    left_out: dict[str, int]

    @classmethod
    def of(cls, experiments: list[Row], as_of: datetime) -> Lanes:
        """One lane per experiment, from its launch until it and the wait after it have ended.

        The line with the latest launch comes first. Lines share the lanes that can be told apart:
        what is launched while all lanes of its line are taken is left out.
        """
        by_line = _by(experiments, "project")
        order = sorted(by_line, key=lambda it: (max(_starts(by_line[it])), it), reverse=True)
        rows: list[Row] = []
        lines: list[tuple[str, int]] = []
        left_out: dict[str, int] = {}
        most = max(1, _MOST_LANES // max(len(by_line), 1))
        for project in order:
            own = by_line[project]
            first = 1 + max((int(row["lane"]) for row in rows), default=-1)
            lines.append((project, first))
            packed = zip(own, pack([_span(row, as_of) for row in own]), strict=True)
            kept = [row | {"lane": first + lane} for row, lane in packed if lane < most]
            rows += kept
            if missing := len(own) - len(kept):
                left_out[project] = missing
        return cls(rows, as_of, lines, left_out)

    def with_lane(self, rows: Iterable[Row]) -> list[Row]:
        """The rows of experiments that have a lane; each has its `experiment_id`."""
        known = {row["experiment_id"] for row in self.rows}
        return [row for row in rows if row["experiment_id"] in known]

    @property
    def count(self) -> int:
        """Number of lanes."""
        return 1 + max(int(row["lane"]) for row in self.rows)

    def runs(self, sessions: Sequence[Row], pitch: float, colour: Tokens) -> list[Part]:
        """One trace of bars per state; running bars fade out towards now.

        The sessions of a run share a row in the lane; `pitch` is px from lane to lane.
        """
        bars: dict[str, list[Part]] = defaultdict(list)
        by_id = {row["experiment_id"]: row for row in self.rows}
        for experiment_id, own in _by(sessions, "experiment_id").items():
            experiment = by_id[experiment_id]
            for session, at, height in _split(own, experiment["lane"], pitch):
                custom = [_run_words(session, experiment), experiment_id, session["run_id"]]
                bar = _bar(session["started_at"], session["ended_at"], at, height, custom)
                bars[kind(session["class"])].append(bar)
        looks = {
            "run": solid(colour.machine),
            "failed": hatched(colour.failed, colour.bg),
            "killed": outline(colour.killed),
            "stale": outline(colour.stale),
        }
        for name in ("run", "failed"):
            looks[name]["line"] = {"width": 1, "color": looks[name]["color"]}
        traces = [_bar_trace(bars[name], look) for name, look in looks.items() if bars[name]]
        return traces + (_fading(bars["running"], colour) if bars["running"] else [])

    def stale_tails(self, sessions: Sequence[Row], window: timedelta, colour: Tokens) -> list[Part]:
        """A short dotted line after each run presumed dead, whose end is not known."""
        lanes = {row["experiment_id"]: row["lane"] for row in self.rows}
        tail = window * _TAIL_PART
        lines = [
            ((row["ended_at"], at), (min(row["ended_at"] + tail, self.as_of), at))
            for row in sessions
            if row["class"] == "stale"
            for at in [lanes[row["experiment_id"]] + _RUNS_BELOW]
        ]
        return _lines(lines, {"color": colour.stale, "width": 2, "dash": "dot"})

    def names(self, opens: datetime, window: timedelta, colour: Tokens) -> list[Part]:
        """The name of each experiment above its runs, where it fits.

        `window` is the time that is visible at once, from `opens`.
        """
        shown = []
        for row in self.rows:
            start = max(row["started_at"], opens) if row["ended_at"] > opens else row["started_at"]
            text = safe(row["label"], _LONGEST_NAME)
            if (row["ended_at"] - start) / window * _PLOT_WIDTH >= len(text) * _LETTER:
                shown.append((start, row["lane"] - _NAME_ABOVE, text))
        return [_texts(shown, colour)] if shown else []

    def likely_ends(self, likely: Sequence[Row], colour: Tokens) -> list[Part]:
        """From now to the end that 9 in 10 results do not pass, with a tick at the median.

        `likely` has `experiment_id` of one of `rows`, `eta_at` and `eta_high_at`.
        """
        if not likely:
            return []
        lanes = {row["experiment_id"]: row["lane"] for row in self.rows}
        at = [lanes[row["experiment_id"]] + _RUNS_BELOW for row in likely]
        ends = [
            ((self.as_of, y), (row["eta_high_at"], y)) for row, y in zip(likely, at, strict=True)
        ]
        middles = [row["eta_at"] for row in likely]
        tick = {"symbol": "line-ns-open", **marks.marker(colour.machine, 10, colour.machine)}
        said = [
            [hover("result likely", _until(middle, row["eta_high_at"])), row["experiment_id"], None]
            for middle, row in zip(middles, likely, strict=True)
        ]
        return [
            *_lines(ends, {"color": colour.machine, "width": 1.25, "dash": "dot"}),
            marks.dots(middles, at, tick, said, unselected={"marker": {"opacity": 1}}),
            _texts(
                [
                    (self.as_of, y - _RUNS_BELOW - _NAME_ABOVE, f" likely {_soon(it, self.as_of)}")
                    for it, y in zip(middles, at, strict=True)
                ],
                colour,
            ),
        ]

    def waits(self, colour: Tokens) -> list[Part]:
        """Lines from each result to the next launch, and down to its lane if there are few lanes.

        Waits without a next launch are dotted.
        """
        lane_of_start: dict[datetime, float] = {}
        for row in self.rows:
            lane_of_start.setdefault(row["started_at"], row["lane"] + _RUNS_BELOW)
        drops = self.count <= _MOST_LANES_WITH_DROPS
        answered: list[_Line] = []
        falls: list[_Line] = []
        unanswered: list[_Line] = []
        for row in self.rows:
            until, lane = _waited_until(row, self.as_of), row["lane"] + _RUNS_BELOW
            if until is None:
                continue
            line = ((row["result_at"], lane), (until, lane))
            if row["loop_status"] != "closed":
                unanswered.append(line)
                continue
            answered.append(line)
            next_lane = lane_of_start.get(row["next_at"], lane)
            if drops and next_lane != lane:
                falls.append(((until, lane), (until, next_lane)))
        style = {"color": colour.reaction, "width": 2}
        return [
            *_lines(answered, style),
            *_lines(falls, style | {"width": 1.25}),
            *_lines(unanswered, style | {"dash": "dot"}),
        ]

    def results(self, colour: Tokens) -> list[Part]:
        """A dot at each result, with how long it waited."""
        rows = [row for row in self.rows if row["result_at"] is not None]
        if not rows:
            return []
        busiest = max(len(own) for own in _by(rows, "project").values())
        size = 6 if busiest <= _MOST_LARGE_DOTS else 4
        return [
            marks.dots(
                [row["result_at"] for row in rows],
                [row["lane"] + _RUNS_BELOW for row in rows],
                marks.marker(colour.reaction, size, colour.bg, 1),
                [[_shift_words(row), row["experiment_id"], None] for row in rows],
                unselected={"marker": {"opacity": 1}},
                cliponaxis=True,
            )
        ]


def _waited_until(row: Row, as_of: datetime) -> datetime | None:
    """Where the wait after an experiment's result ends; None without a wait."""
    result: datetime | None = row["result_at"]
    if result is None:
        return None
    ends = {
        "closed": row["next_at"],
        "awaiting": as_of,
        "abandoned": min(result + _ABANDONED_AFTER, max(as_of, result)),
    }
    end: datetime | None = ends.get(row["loop_status"])
    return end and max(end, result)


def _split(sessions: Sequence[Row], lane: int, pitch: float) -> Iterable[tuple[Row, float, float]]:
    """Each session with its middle and height: runs that overlap share the lane's height."""
    by_run = _by(sessions, "run_id")
    spans = [
        (min(row["started_at"] for row in own), max(row["ended_at"] for row in own))
        for own in by_run.values()
    ]
    rows = pack(spans)
    count = max(rows) + 1
    # Thin lanes do not have room for gaps.
    gap = _GAP if count > 1 and _ALL / count > _MIN_LANE_FOR_GAPS and pitch * _GAP >= 1 else 0
    height = _ONE if count == 1 else (_ALL - gap * (count - 1)) / count
    top = lane + _RUNS_BELOW - (height * count + gap * (count - 1)) / 2
    for row, own in zip(rows, by_run.values(), strict=True):
        for session in own:
            yield session, top + row * (height + gap) + height / 2, height


def _fading(bars: Sequence[Part], colour: Tokens) -> list[Part]:
    part = _FADE_PART / len(_FADES)
    slices = [(0.0, 1 - _FADE_PART, 1.0)]
    slices += [(1 - _FADE_PART + part * at, part, opacity) for at, opacity in enumerate(_FADES)]
    return [
        _bar_trace(
            [bar | {"base": bar["base"] + bar["x"] * offset, "x": bar["x"] * part} for bar in bars],
            solid(colour.machine) | {"opacity": opacity},
        )
        for offset, part, opacity in slices
    ]


def _bar(start: datetime, end: datetime, at: float, height: float, custom: list[Any]) -> Part:
    return {"base": start, "x": end - start, "y": at, "width": height, "customdata": custom}


def _bar_trace(bars: Sequence[Part], look: Part) -> Part:
    return marks.bars(
        [bar["x"] / timedelta(milliseconds=1) for bar in bars],
        [bar["y"] for bar in bars],
        look,
        [bar["customdata"] for bar in bars],
        orientation="h",
        base=[iso(bar["base"]) for bar in bars],
        width=[bar["width"] for bar in bars],
        # A click chooses an experiment; it must not fade the others.
        unselected={"marker": {"opacity": look.get("opacity", 1)}},
    )


def _texts(shown: Sequence[tuple[datetime, float, str]], colour: Tokens) -> Part:
    """Words that begin at an instant in a lane."""
    return {
        "type": "scatter",
        "mode": "text",
        "x": [iso(at) for at, _, _ in shown],
        "y": [lane for _, lane, _ in shown],
        "text": [text for _, _, text in shown],
        "textposition": "middle right",
        "textfont": {"size": SMALL_FONT_SIZE, "color": colour.muted},
        "hoverinfo": "skip",
    }


def _lines(lines: Sequence[_Line], style: Part) -> list[Part]:
    if not lines:
        return []
    x = [place for a, b in lines for place in (a[0], b[0], None)]
    y = [place for a, b in lines for place in (a[1], b[1], None)]
    return [marks.line(x, y, style)]


def _span(row: Row, as_of: datetime) -> tuple[datetime, datetime]:
    """From the launch until the experiment and the wait after it have ended."""
    return row["started_at"], max(row["ended_at"], _waited_until(row, as_of) or row["ended_at"])


def _starts(rows: Iterable[Row]) -> list[datetime]:
    return [row["started_at"] for row in rows]


def _by(rows: Iterable[Row], column: str) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _moment(moment: datetime) -> str:
    return f"{formats.weekday(moment)}, {formats.clock(moment)}"


def _soon(moment: datetime, now: datetime) -> str:
    """A coming moment: its time of day, with the weekday unless that is today."""
    return formats.clock(moment) if moment.date() == now.date() else _moment(moment)


def _until(middle: datetime, high: datetime) -> str:
    return f"{_moment(middle)}, or as late as {_moment(high)}"


def _lasted(start: datetime, end: datetime) -> str:
    return formats.duration((end - start) / timedelta(hours=1))


def _stretch_words(row: Row, words: str) -> str:
    lasted = _lasted(row["start_at"], row["end_at"])
    return hover(f"{words} in flight, {lasted}", f"from {_moment(row['start_at'])}")


def _run_words(session: Row, experiment: Row) -> str:
    start, end = session["started_at"], session["ended_at"]
    until = "now" if session["class"] == "running" else _moment(end)
    return hover(
        f"<b>{safe(session['display_name'] or session['run_id'])}</b>",
        f"{safe(session['class'])}, {_lasted(start, end)}",
        f"{_moment(start)} to {until}",
        f"experiment {safe(experiment['label'])}, {safe(experiment['outcome'])}",
    )


def _shift_words(row: Row) -> str:
    lines = [f"<b>{safe(row['label'])}</b>", f"result {_moment(row['result_at'])}"]
    if row["loop_status"] == "closed":
        lines.append(f"next launch after {_lasted(row['result_at'], row['next_at'])}")
    elif row["loop_status"] != "none":
        lines.append(safe(row["loop_status"]))
    return hover(*lines)
