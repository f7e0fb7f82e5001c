"""The marks of a timeline: strip, runs, results, waits. Times are naive and local."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import polars as pl

from velocity import formats
from velocity.charts.base import iso
from velocity.charts.marks import bars, dots, hatched, line, marker, outline, solid
from velocity.charts.words import SMALL, Part, bold, hover, safe
from velocity.theme import Tokens

Row = dict[str, Any]
_Segment = tuple[datetime, datetime, float, float]  # from when to when, from which height to which

#: The height of a lane, px; lanes get thinner if together they would be higher than so many.
LANE, _MOST_THICK_LANES = 34, 12
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
#: A click chooses an experiment; it must not fade the others.
_KEPT: Part = {"unselected": {"marker": {"opacity": 1}}}


class _Bar(NamedTuple):
    start: datetime
    length: timedelta
    y: float
    height: float
    click: list[Any]


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


def strip(stretches: Sequence[Row], colour: Tokens) -> list[Part]:
    """Bars of the time with one experiment in flight, and with two or more."""
    traces = []
    for parallel, words, fill in (
        (False, "one experiment", colour.serial),
        (True, "two or more", colour.parallel),
    ):
        found = []
        for row in stretches:
            if row["parallel"] is parallel:
                start, end = row["start_at"], row["end_at"]
                first = f"{words} in flight, {_lasted(start, end)}"
                said = hover(first, f"from {_moment(start)}")
                found.append(_Bar(start, end - start, 0.5, 1, [said]))
        traces += [it | {"yaxis": "y2"} for it in _bars(found, solid(fill, 0.5))]
    return traces


def spells(days: pl.DataFrame, start: datetime, end: datetime) -> list[Row]:
    """Days (`day`, `what`), in order, joined where they follow each other and are alike.

    Each has `start` and `end`, local times within those of the drawing, and `what`.
    """
    day, gap = pl.col("day").cast(pl.Datetime), pl.col("day").diff().fill_null(timedelta()).dt
    joined = days.with_columns(gap=(gap.total_days() > 1).cum_sum()).group_by(
        pl.struct("what", "gap").rle_id().alias("spell"), maintain_order=True
    )
    found = joined.agg(
        pl.first("what"),
        start=pl.max_horizontal(day.first(), pl.lit(start)),
        end=pl.min_horizontal(day.last() + pl.duration(days=1), pl.lit(end)),
    )
    return found.filter(pl.col("start") < pl.col("end")).to_dicts()


def days_off(spells: Sequence[Row], lanes: int, colour: Tokens) -> list[Part]:
    """A hatch behind all lanes."""
    hatch = {"shape": "/", "fgcolor": colour.border, "size": 9, "solidity": 0.12}
    look = solid(colour.band) | {"pattern": hatch | {"fillmode": "overlay"}}
    middle = (lanes - 1) / 2
    found = [_Bar(it["start"], it["end"] - it["start"], middle, lanes, [""]) for it in spells]
    return [it | {"hoverinfo": "skip", "hovertemplate": None} for it in _bars(found, look)]


class Lanes:
    """Experiments in lanes, line by line, and the marks on them.

    An experiment has its lane from its launch until it and the wait after it have ended. The line
    with the latest launch comes first. Lines share the lanes that can be told apart: what is
    launched while all lanes of its line are taken is left out. `as_of` is the end of the data.
    """

    def __init__(self, experiments: list[Row], as_of: datetime, colour: Tokens) -> None:
        self.as_of, self.colour = as_of, colour
        self.rows: list[Row] = []
        #: Project -> first lane, from the top down, and how many of its experiments have no lane.
        self.lines: dict[str, int] = {}
        self.left_out: dict[str, int] = {}
        self.count = 0
        by_line = _by(experiments, "project")
        most = max(1, _MOST_LANES // len(by_line))
        latest = {it: max(row["started_at"] for row in own) for it, own in by_line.items()}
        for project in sorted(by_line, key=lambda it: (latest[it], it), reverse=True):
            own = [row | {"until": _waited_until(row, as_of)} for row in by_line[project]]
            first = self.lines[project] = self.count
            ends = [max(row["ended_at"], row["until"] or row["ended_at"]) for row in own]
            packed = pack([(row["started_at"], end) for row, end in zip(own, ends, strict=True)])
            kept = [
                row | {"lane": first + lane, "y": first + lane + _RUNS_BELOW}
                for row, lane in zip(own, packed, strict=True)
                if lane < most
            ]
            self.rows += kept
            self.left_out[project] = len(own) - len(kept)
            self.count += min(most, max(packed) + 1)
        #: From lane to lane, px.
        self.pitch = min(float(LANE), _MOST_THICK_LANES * LANE / self.count)
        self._by_id = {row["experiment_id"]: row for row in self.rows}

    def with_lane(self, rows: Iterable[Row]) -> list[Row]:
        """The rows of experiments that have a lane, each with the height `y` of its runs."""
        known = self._by_id
        return [
            row | {"y": known[row["experiment_id"]]["y"]}
            for row in rows
            if row["experiment_id"] in known
        ]

    def runs(self, sessions: Sequence[Row]) -> list[Part]:
        """One trace of bars per state; running bars fade out towards now.

        The sessions of a run share a row in the lane.
        """
        found: dict[str, list[_Bar]] = defaultdict(list)
        for experiment_id, own in _by(sessions, "experiment_id").items():
            experiment = self._by_id[experiment_id]
            for row, at, height in _split(own, self.pitch):
                click = [_run_words(row, experiment), experiment_id, row["run_id"]]
                length = row["ended_at"] - row["started_at"]
                bar = _Bar(row["started_at"], length, at, height, click)
                found[kind(row["class"])].append(bar)
        colour = self.colour
        looks = {
            "run": solid(colour.machine, 1),
            "failed": hatched(colour.failed, colour.bg, 1),
            "killed": outline(colour.killed),
            "stale": outline(colour.stale),
        }
        traces = [it for name, look in looks.items() for it in _bars(found[name], look)]
        part = _FADE_PART / len(_FADES)
        slices = [(0.0, 1 - _FADE_PART, 1.0)]
        slices += [(1 - _FADE_PART + part * at, part, it) for at, it in enumerate(_FADES)]
        for offset, part, opacity in slices:
            cut = [
                it._replace(start=it.start + it.length * offset, length=it.length * part)
                for it in found["running"]
            ]
            traces += _bars(cut, solid(colour.machine) | {"opacity": opacity})
        return traces

    def stale_tails(self, sessions: Sequence[Row], window: timedelta) -> list[Part]:
        """A short dotted line after each run presumed dead, whose end is not known."""
        tails = []
        for row in sessions:
            if row["class"] == "stale":
                end = min(row["ended_at"] + window * _TAIL_PART, self.as_of)
                tails.append((row["ended_at"], end, row["y"], row["y"]))
        return _lines(tails, {"color": self.colour.stale, "width": 2, "dash": "dot"})

    def names(self, opens: datetime, window: timedelta) -> list[Part]:
        """The name of each experiment above its runs, where it fits.

        `window` is the time that is visible at once, from `opens`.
        """
        shown = []
        for row in self.rows:
            start = max(row["started_at"], opens) if row["ended_at"] > opens else row["started_at"]
            text = safe(row["label"], _LONGEST_NAME)
            if (row["ended_at"] - start) / window * _PLOT_WIDTH >= len(text) * _LETTER:
                shown.append((start, row["lane"] - _NAME_ABOVE, text))
        return _texts(shown, self.colour)

    def likely_ends(self, likely: Sequence[Row]) -> list[Part]:
        """From now to the end that 9 in 10 results do not pass, with a tick at the median.

        `likely` has `experiment_id`, `eta_at`, `eta_high_at` and `y`.
        """
        if not likely:
            return []
        ink, as_of = self.colour.machine, self.as_of
        ends, said, words = [], [], []
        for row in likely:
            middle, high, y = row["eta_at"], row["eta_high_at"], row["y"]
            ends.append((as_of, high, y, y))
            until = f"{_moment(middle)}, or as late as {_moment(high)}"
            said.append([hover("result likely", until), row["experiment_id"], None])
            # The time of day, with the weekday unless that is today.
            soon = formats.clock(middle) if middle.date() == as_of.date() else _moment(middle)
            words.append((as_of, y - _RUNS_BELOW - _NAME_ABOVE, f" likely {soon}"))
        tick = {"symbol": "line-ns-open", **marker(ink, 10, ink)}
        middles, at = ([row[name] for row in likely] for name in ("eta_at", "y"))
        return [
            *_lines(ends, {"color": ink, "width": 1.25, "dash": "dot"}),
            dots(middles, at, tick, said, **_KEPT),
            *_texts(words, self.colour),
        ]

    def waits(self) -> list[Part]:
        """Lines from each result to the next launch, and down to its lane if there are few lanes.

        Waits without a next launch are dotted.
        """
        starts = {row["started_at"]: row["y"] for row in reversed(self.rows)}
        waited = [row for row in self.rows if row["until"] is not None]
        closed = [row for row in waited if row["loop_status"] == "closed"]
        others = [row for row in waited if row["loop_status"] != "closed"]
        drops = closed if self.count <= _MOST_LANES_WITH_DROPS else []
        falls = [
            (row["until"], row["until"], row["y"], starts[row["next_at"]])
            for row in drops
            if starts.get(row["next_at"], row["y"]) != row["y"]
        ]
        along, dotted = (
            [(row["result_at"], row["until"], row["y"], row["y"]) for row in rows]
            for rows in (closed, others)
        )
        style = {"color": self.colour.reaction, "width": 2}
        return [
            *_lines(along, style),
            *_lines(falls, style | {"width": 1.25}),
            *_lines(dotted, style | {"dash": "dot"}),
        ]

    def results(self) -> list[Part]:
        """A dot at each result, with how long it waited."""
        rows = [row for row in self.rows if row["result_at"] is not None]
        if not rows:
            return []
        busiest = max(len(own) for own in _by(rows, "project").values())
        size = 6 if busiest <= _MOST_LARGE_DOTS else 4
        look = marker(self.colour.reaction, size, self.colour.bg, 1)
        said = [[_result_words(row), row["experiment_id"], None] for row in rows]
        at, lanes = ([row[name] for row in rows] for name in ("result_at", "y"))
        return [dots(at, lanes, look, said, **_KEPT, cliponaxis=True)]


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


def _split(sessions: Sequence[Row], pitch: float) -> Iterable[tuple[Row, float, float]]:
    """Each session with its middle and height: runs that overlap share the lane's height."""
    by_run = _by(sessions, "run_id").values()
    spans = [
        (min(row["started_at"] for row in own), max(row["ended_at"] for row in own))
        for own in by_run
    ]
    rows = pack(spans)
    count = max(rows) + 1
    # Thin lanes do not have room for gaps.
    gap = _GAP if count > 1 and _ALL / count > _MIN_LANE_FOR_GAPS and pitch * _GAP >= 1 else 0
    height = _ONE if count == 1 else (_ALL - gap * (count - 1)) / count
    above = (height * count + gap * (count - 1)) / 2
    for row, own in zip(rows, by_run, strict=True):
        for session in own:
            yield session, session["y"] - above + row * (height + gap) + height / 2, height


def _bars(found: Sequence[_Bar], look: Part) -> list[Part]:
    if not found:
        return []
    starts, lengths, y, heights, clicks = zip(*found, strict=True)
    return [
        bars(
            [it / timedelta(milliseconds=1) for it in lengths],
            y,
            look,
            clicks,
            orientation="h",
            base=[*map(iso, starts)],
            width=[*heights],
            unselected={"marker": {"opacity": look.get("opacity", 1)}},
        )
    ]


def _texts(shown: Sequence[tuple[datetime, float, str]], colour: Tokens) -> list[Part]:
    """Words that begin at an instant in a lane."""
    if not shown:
        return []
    starts, lanes, words = zip(*shown, strict=True)
    return [
        {
            "type": "scatter",
            "mode": "text",
            "x": [*map(iso, starts)],
            "y": [*lanes],
            "text": [*words],
            "textposition": "middle right",
            "textfont": {**SMALL, "color": colour.muted},
            "hoverinfo": "skip",
        }
    ]


def _lines(segments: Sequence[_Segment], style: Part) -> list[Part]:
    if not segments:
        return []
    x = [place for start, end, _, _ in segments for place in (start, end, None)]
    y = [place for _, _, low, high in segments for place in (low, high, None)]
    return [line(x, y, style)]


def _by(rows: Iterable[Row], column: str) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _moment(moment: datetime) -> str:
    return f"{formats.weekday(moment)}, {formats.clock(moment)}"


def _lasted(start: datetime, end: datetime) -> str:
    return formats.duration((end - start) / timedelta(hours=1))


def _run_words(session: Row, experiment: Row) -> str:
    start, end = session["started_at"], session["ended_at"]
    until = "now" if session["class"] == "running" else _moment(end)
    return hover(
        bold(safe(session["display_name"] or session["run_id"])),
        f"{safe(session['class'])}, {_lasted(start, end)}",
        f"{_moment(start)} to {until}",
        f"experiment {safe(experiment['label'])}, {safe(experiment['outcome'])}",
    )


def _result_words(row: Row) -> str:
    lines = [bold(safe(row["label"])), f"result {_moment(row['result_at'])}"]
    if row["loop_status"] == "closed":
        lines.append(f"next launch after {_lasted(row['result_at'], row['next_at'])}")
    elif row["loop_status"] != "none":
        lines.append(safe(row["loop_status"]))
    return hover(*lines)
