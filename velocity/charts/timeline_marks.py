"""The marks of a timeline: strip, runs, results, waits. Times are naive and local."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import polars as pl

from velocity import formats
from velocity.charts.base import iso
from velocity.charts.marks import bars, dots, hatched, line, marker, outline, solid
from velocity.charts.timeline_lanes import MOST_LANES, RUNS_BELOW, Lanes, Row, by_column, pack
from velocity.charts.words import MUTED, SMALL, Part, bold, hover, safe
from velocity.theme import LIGHT

#: Heights in a lane: a single run, several runs together, and the gap between two.
_ONE, _ALL, _GAP = 14 / 34, 18 / 34, 2 / 34
_MIN_LANE_FOR_GAPS = 4 / 34
#: Names are above the runs of their lane.
_NAME_ABOVE = 11 / 34
#: Width of a letter of a name, px, and the width of the plot in a usual window.
_LETTER, _PLOT_WIDTH = 6.2, 1190
_LONGEST_NAME = 24
#: The end of a running bar fades out in slices.
_FADE_PART, _FADES = 0.28, (0.75, 0.55, 0.35, 0.18)
_TAIL_PART = 0.03
#: With more lanes, the lines between lanes would cover everything.
_MOST_LANES_WITH_DROPS = MOST_LANES // 2
#: Results of more experiments in a line would hide its bars.
_MOST_LARGE_DOTS = 60
_KINDS = {"crashed": "failed"} | {it: it for it in ("running", "failed", "killed", "stale")}


class _Bar(NamedTuple):
    start: datetime
    length: timedelta
    y: float
    height: float
    click: list[Any]


def kind(state_class: str) -> str:
    """How a run's state class is drawn: run, failed, killed, stale or running."""
    return _KINDS.get(state_class, "run")


def strip(stretches: pl.DataFrame) -> list[Part]:
    """Bars of the time with one experiment in flight, and with two or more."""
    traces = []
    looks = ("one experiment", LIGHT.serial), ("two or more", LIGHT.parallel)
    for parallel, (words, fill) in enumerate(looks):
        rows = stretches.filter(parallel=bool(parallel)).select("start_at", "end_at").iter_rows()
        found = []
        for start, end in rows:
            said = hover(f"{words} in flight, {_lasted(start, end)}", f"from {_moment(start)}")
            found.append(_Bar(start, end - start, 0.5, 1, [said]))
        traces += [it | {"yaxis": "y2"} for it in _bars(found, solid(fill, 0.5))]
    return traces


def days_off(spells: Sequence[Row], lanes: int) -> list[Part]:
    """A hatch behind all lanes."""
    hatch = {"shape": "/", "fgcolor": LIGHT.border, "size": 9, "solidity": 0.12}
    look = solid(LIGHT.band) | {"pattern": hatch | {"fillmode": "overlay"}}
    middle = (lanes - 1) / 2
    found = [_Bar(it["start"], it["end"] - it["start"], middle, lanes, [""]) for it in spells]
    return [it | {"hoverinfo": "skip", "hovertemplate": None} for it in _bars(found, look)]


@dataclass(frozen=True)
class Marks:
    """The marks on the lanes."""

    lanes: Lanes

    def runs(self, sessions: Sequence[Row]) -> list[Part]:
        """One trace of bars per state; running bars fade out towards now.

        The sessions of a run share a row in the lane.
        """
        experiments = {row["experiment_id"]: row for row in self.lanes.rows}
        found: dict[str, list[_Bar]] = defaultdict(list)
        for experiment_id, own in by_column(sessions, "experiment_id").items():
            for row, at, height in _split(own, self.lanes.pitch):
                click = [_run_words(row, experiments[experiment_id]), experiment_id, row["run_id"]]
                length = row["ended_at"] - row["started_at"]
                bar = _Bar(row["started_at"], length, at, height, click)
                found[kind(row["class"])].append(bar)
        looks = {
            "run": solid(LIGHT.machine, 1),
            "failed": hatched(LIGHT.failed, 1),
            "killed": outline(LIGHT.killed),
            "stale": outline(LIGHT.stale),
        }
        traces = [it for name, look in looks.items() for it in _bars(found[name], look)]
        part = _FADE_PART / len(_FADES)
        slices = [(1 - _FADE_PART + part * at, part, it) for at, it in enumerate(_FADES)]
        for offset, part, opacity in [(0.0, 1 - _FADE_PART, 1.0), *slices]:
            cut = [
                it._replace(start=it.start + it.length * offset, length=it.length * part)
                for it in found["running"]
            ]
            traces += _bars(cut, solid(LIGHT.machine) | {"opacity": opacity})
        return traces

    def stale_tails(self, sessions: Sequence[Row], window: timedelta) -> list[Part]:
        """A short dotted line after each run presumed dead, whose end is not known."""
        stale = [(row["ended_at"], row["y"]) for row in sessions if row["class"] == "stale"]
        tails = [(at, min(at + window * _TAIL_PART, self.lanes.as_of), y) for at, y in stale]
        return _lines(tails, {"color": LIGHT.stale, "width": 2, "dash": "dot"})

    def names(self, opens: datetime, window: timedelta) -> list[Part]:
        """The name of each experiment above its runs, where it fits.

        `window` is the time that is visible at once, from `opens`.
        """
        shown = []
        for row in self.lanes.rows:
            start = max(row["started_at"], opens) if row["ended_at"] > opens else row["started_at"]
            text = safe(row["label"], _LONGEST_NAME)
            if (row["ended_at"] - start) / window * _PLOT_WIDTH >= len(text) * _LETTER:
                shown.append((start, row["lane"] - _NAME_ABOVE, text))
        return _texts(shown)

    def likely_ends(self, likely: Sequence[Row]) -> list[Part]:
        """From now to the end that 9 in 10 results do not pass, with a tick at the median.

        `likely` has `experiment_id`, `eta_at`, `eta_high_at` and `y`.
        """
        ink, as_of = LIGHT.machine, self.lanes.as_of
        said, words = [], []
        for row in likely:
            middle = row["eta_at"]
            until = f"{_moment(middle)}, or as late as {_moment(row['eta_high_at'])}"
            said.append([hover("result likely", until), row["experiment_id"], None])
            # The time of day, with the weekday unless that is today.
            soon = formats.clock(middle) if middle.date() == as_of.date() else _moment(middle)
            words.append((as_of, row["y"] - RUNS_BELOW - _NAME_ABOVE, f" likely {soon}"))
        ends = [(as_of, row["eta_high_at"], row["y"]) for row in likely]
        tick = {"symbol": "line-ns-open", **marker(ink, 10, ink)}
        return [
            *_lines(ends, {"color": ink, "width": 1.25, "dash": "dot"}),
            *_dots(likely, "eta_at", tick, said),
            *_texts(words),
        ]

    def waits(self) -> list[Part]:
        """Lines from each result to the next launch, and down to its lane if there are few lanes.

        Waits without a next launch are dotted.
        """
        starts = {row["started_at"]: row["y"] for row in reversed(self.lanes.rows)}
        along, falls, dotted = [], [], []
        for row in self.lanes.rows:
            end, y = row["until"], row["y"]
            if end is not None and row["loop_status"] != "closed":
                dotted.append((row["result_at"], end, y))
            elif end is not None:
                along.append((row["result_at"], end, y))
                falls.append((end, end, y, starts.get(row["next_at"], y)))
        few = self.lanes.count <= _MOST_LANES_WITH_DROPS
        drops = [it for it in falls if it[2] != it[3]] if few else []
        style = {"color": LIGHT.reaction, "width": 2}
        return [
            *_lines(along, style),
            *_lines(drops, style | {"width": 1.25}),
            *_lines(dotted, style | {"dash": "dot"}),
        ]

    def results(self) -> list[Part]:
        """A dot at each result, with how long it waited."""
        rows = [row for row in self.lanes.rows if row["result_at"] is not None]
        busiest = max(map(len, by_column(rows, "project").values()), default=0)
        size = 6 if busiest <= _MOST_LARGE_DOTS else 4
        look = marker(LIGHT.reaction, size, LIGHT.bg, 1)
        said = [[_result_words(row), row["experiment_id"], None] for row in rows]
        return _dots(rows, "result_at", look, said, cliponaxis=True)


def _split(sessions: Sequence[Row], pitch: float) -> Iterable[tuple[Row, float, float]]:
    """Each session with its middle and height: runs that overlap share the lane's height."""
    by_run = by_column(sessions, "run_id").values()
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
    flat = {"orientation": "h", "base": [*map(iso, starts)], "width": [*heights]}
    kept = {"unselected": {"marker": {"opacity": look.get("opacity", 1)}}}
    lasted = [it / timedelta(milliseconds=1) for it in lengths]
    return [bars(lasted, y, look, clicks, **flat, **kept)]


def _dots(rows: Sequence[Row], at: str, look: Part, said: list[Any], **more: Any) -> list[Part]:
    """Dots at the instants of the column `at`; a click chooses one and must not fade the others."""
    if not rows:
        return []
    more["unselected"] = {"marker": {"opacity": 1}}
    return [dots([row[at] for row in rows], [row["y"] for row in rows], look, said, **more)]


def _texts(shown: Sequence[tuple[datetime, float, str]]) -> list[Part]:
    """Words that begin at an instant in a lane."""
    if not shown:
        return []
    starts, lanes, words = zip(*shown, strict=True)
    look = {"textposition": "middle right", "textfont": SMALL | MUTED}
    place = {"x": [*map(iso, starts)], "y": [*lanes], "text": [*words], "hoverinfo": "skip"}
    return [{"type": "scatter", "mode": "text", **place, **look}]


def _lines(segments: Sequence[tuple[Any, ...]], style: Part) -> list[Part]:
    """Lines, each from when to when, and at which height or from which to which."""
    if not segments:
        return []
    x = [place for start, end, *_ in segments for place in (start, end, None)]
    y = [place for _, _, *ends in segments for place in (ends[0], ends[-1], None)]
    return [line(x, y, style)]


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
    then = "" if row["loop_status"] == "none" else safe(row["loop_status"])
    if row["loop_status"] == "closed":
        then = f"next launch after {_lasted(row['result_at'], row['next_at'])}"
    return hover(bold(safe(row["label"])), f"result {_moment(row['result_at'])}", then)
