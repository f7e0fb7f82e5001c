"""Draws the worked example of docs/metrics.md from the product's own figures."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.reading import reads
from velocity.records import run_frame
from velocity.settings import Settings
from velocity.store.derive import derive
from velocity.store.live import open_live
from velocity.store.publish import publish
from velocity.store.snapshot import Snapshot
from velocity.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DAY = "2026-01-05"
#: Run, start, end, state.
_RUNS = (
    ("r1", "09:00:00", "10:00:00", "finished"),
    ("r2", "09:01:00", "10:30:00", "finished"),
    ("r3", "11:00:00", "12:00:00", "finished"),
    ("r4", "11:30:00", "11:35:00", "failed"),
    ("r5", "11:40:00", "13:00:00", "finished"),
    ("r6", "13:00:30", "14:00:00", "finished"),
)
_AS_OF = "20:00:00"

_WIDTH, _LEFT, _RIGHT = 780, 84, 180
_FIRST_HOUR, _LAST_HOUR = 9, 14
_ROW, _BAR = 26, 14
_TOP = 16
#: A name that holds a digit must be quoted: a browser drops the whole list otherwise.
_FONT = "font-family=\"'Source Sans 3', 'Helvetica Neue', Arial, sans-serif\" font-size=\"12\""
#: Words stand clear of the hours' lines that run behind them.
_HALO = f'stroke="{LIGHT.bg}" stroke-width="4" paint-order="stroke"'
#: Rule -> why the run is in its experiment, in this example.
_WHY = {
    "first": "",
    "together": "r2: 1 min after r1, in flight",
    "script": "r6: 30 s after r5",
}


@dataclass(frozen=True)
class Picture:
    """An SVG with its own background, readable on a light and on a dark page."""

    name: str
    alt: str
    svg: str


@dataclass(frozen=True)
class _Example:
    """The frames of `reading.reads` for the worked example, experiments by launch."""

    runs: pl.DataFrame
    experiments: pl.DataFrame
    loops: pl.DataFrame
    stretches: pl.DataFrame
    figures: dict[str, Any]


@cache
def pictures() -> tuple[Picture, ...]:
    """Experiment, loop and serial share."""
    example = _example()
    return _experiments(example), _loops(example), _serial_share(example)


def _example() -> _Example:
    rows = [
        {
            "entity": "e",
            "project": "p",
            "run_id": run,
            "username": "ada",
            "state": state,
            "created_at": _at(start),
            "runtime_s": (_at(end) - _at(start)).total_seconds(),
            "source": "table",
        }
        for run, start, end, state in _RUNS
    ]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with open_live(data) as store:
            store.record.merge_runs(run_frame(rows))
            store.record.merge_project("e", "p", rejected=(), as_of=_at(_AS_OF))
            derive(store, Settings(), None)
            name = publish(store)
        snapshot = Snapshot(data / "snapshots" / f"{name}.duckdb")
        return _Example(
            runs=reads.runs(snapshot).sort("started_at"),
            experiments=reads.experiments(snapshot).sort("started_at"),
            loops=reads.loops(snapshot).sort("started_at"),
            stretches=reads.concurrency(
                snapshot, scholar="ada", from_at=_at("00:00:00"), to_at=_at(_AS_OF)
            ),
            figures=reads.metrics(snapshot, by="scholar").row(0, named=True),
        )


def _at(clock: str) -> datetime:
    return datetime.fromisoformat(f"{_DAY}T{clock}").replace(tzinfo=UTC)


def _experiments(example: _Example) -> Picture:
    """Runs as bars, their experiment as a band behind them, the result as a dot."""
    parts, row = [], 0
    for number, experiment in enumerate(example.experiments.iter_rows(named=True), start=1):
        members = example.runs.filter(pl.col("experiment_id") == experiment["experiment_id"])
        top, height = _TOP + row * _ROW, members.height * _ROW
        left, right = _x(experiment["started_at"]), _x(experiment["ended_at"])
        parts.append(_box(left - 5, top + 2, right - left + 10, height - 4, LIGHT.band, radius=4))
        ending = f"{experiment['outcome']}, result {experiment['result_at']:%H:%M}"
        parts.append(_text(right + 14, top + _ROW / 2, f"e{number}: {ending}"))
        for run in members.iter_rows(named=True):
            middle = _TOP + (row + 0.5) * _ROW
            begun, ended = _x(run["started_at"]), _x(run["ended_at"])
            colour = LIGHT.failed if run["class"] == "failed" else LIGHT.machine
            parts.append(_box(begun, middle - _BAR / 2, max(ended - begun, 2), _BAR, colour))
            parts.append(_text(_LEFT - 12, middle, run["run_id"], anchor="end"))
            if why := _WHY[run["joined_by"]]:
                parts.append(_text(right + 14, middle, why, colour=LIGHT.muted))
            row += 1
        result = example.runs.filter(
            (pl.col("experiment_id") == experiment["experiment_id"])
            & (pl.col("ended_at") == experiment["result_at"])
        )["run_id"][0]
        place = members["run_id"].to_list().index(result) + row - members.height
        parts.append(_dot(_x(experiment["result_at"]), _TOP + (place + 0.5) * _ROW))
    alt = (
        "Six runs make four experiments. r1 and r2 are e1: r2 began 1 minute after r1, which was "
        "in flight. r3 is e2. r4, begun 30 minutes after r3, is e3, a failure. r5 and r6 are e4: "
        "r6 went on 30 seconds after r5's end. The result of e1 is at 10:00, when the first of its "
        "two runs finished."
    )
    return Picture("experiment", alt, _drawn("Six runs, four experiments", alt, parts, row))


def _loops(example: _Example) -> Picture:
    """Machine and reaction of each experiment's loop, one below the other."""
    parts = []
    edge = _x(_at(f"{_LAST_HOUR}:00:00"))
    for row, loop in enumerate(example.loops.iter_rows(named=True)):
        top = _TOP + row * _ROW + (_ROW - _BAR) / 2
        middle = top + _BAR / 2
        launch, result = _x(loop["started_at"]), _x(loop["result_at"])
        parts.append(_text(_LEFT - 12, middle, f"e{row + 1}", anchor="end"))
        if loop["status"] == "closed":
            answer = _x(loop["next_at"])
            parts.append(_box(result, top, answer - result, _BAR, LIGHT.reaction))
            words = (
                f"machine {_length(loop['machine_hours'])}, "
                f"reaction {_length(loop['reaction_hours'])}"
            )
        else:
            answer = edge
            parts.append(
                f'<rect x="{_n(result)}" y="{_n(top)}" width="{_n(edge - result)}" '
                f'height="{_BAR}" fill="none" stroke="{LIGHT.reaction}" stroke-dasharray="4 3"/>'
            )
            words = f"machine {_length(loop['machine_hours'])}, awaiting"
        parts.append(_box(launch, top, result - launch, _BAR, LIGHT.machine))
        parts.append(_dot(result, middle))
        parts.append(_text(answer + 14, middle, words))
    alt = (
        "Loops of the four experiments. e1: machine 1 hour from launch to result, reaction 1 hour "
        "to the launch of e2; closed. e2: machine 1 hour, and nothing launched since its result at "
        "12:00; awaiting. e3: machine 5 minutes, reaction 5 minutes to the launch of e4; closed. "
        "e4: machine 1 hour 20 minutes; awaiting."
    )
    return Picture("loop", alt, _drawn("Four feedback loops", alt, parts, example.loops.height))


def _serial_share(example: _Example) -> Picture:
    """The experiments as lanes, and below them how many were in flight."""
    parts = []
    for row, experiment in enumerate(example.experiments.iter_rows(named=True)):
        middle = _TOP + (row + 0.5) * _ROW
        parts.append(_text(_LEFT - 12, middle, f"e{row + 1}", anchor="end"))
        members = example.runs.filter(pl.col("experiment_id") == experiment["experiment_id"])
        for begun, ended in members.select("started_at", "ended_at").iter_rows():
            left, right = _x(begun), _x(ended)
            parts.append(_box(left, middle - _BAR / 2, max(right - left, 2), _BAR, LIGHT.machine))
    strip = example.experiments.height
    middle = _TOP + (strip + 0.5) * _ROW
    parts.append(_text(_LEFT - 12, middle, "in flight", anchor="end"))
    for stretch in example.stretches.iter_rows(named=True):
        left, right = _x(stretch["start_at"]), _x(stretch["end_at"])
        colour = LIGHT.serial if stretch["experiments"] == 1 else LIGHT.parallel
        parts.append(_box(left, middle - _BAR / 2, right - left, _BAR, colour, radius=0))
    found = example.figures
    edge = _x(_at(f"{_LAST_HOUR}:00:00")) + 14
    for row, words, colour in (
        (1, f"one: {found['serial_hours']:.3f} h", LIGHT.serial),
        (2, f"two or more: {found['parallel_hours']:.3f} h", LIGHT.parallel),
        (3, f"busy: {found['busy_hours']:.3f} h", LIGHT.bg),
        (4, f"serial share {formats.share(found['serial_share'])}", LIGHT.bg),
    ):
        middle = _TOP + (row + 0.5) * _ROW
        parts.append(_box(edge, middle - 5, 10, 10, colour))
        parts.append(_text(edge + 16, middle, words))
    alt = (
        f"One experiment is in flight for {found['serial_hours']:.3f} hours and two at once for "
        f"{found['parallel_hours']:.3f} hours, from 11:30 to 11:35 and from 11:40 to 12:00. Of "
        f"{found['busy_hours']:.3f} busy hours {found['serial_share']:.3f} are serial. The gaps "
        "from 10:30 to 11:00 and of 30 seconds at 13:00 are not busy."
    )
    return Picture("serial-share", alt, _drawn("Serial share", alt, parts, strip + 1))


def _length(hours: float) -> str:
    return formats.duration(hours).replace(formats.NBSP, " ")


def _x(moment: datetime) -> float:
    hours = (moment - _at(f"{_FIRST_HOUR:02}:00:00")).total_seconds() / 3600
    return _LEFT + hours * (_WIDTH - _LEFT - _RIGHT) / (_LAST_HOUR - _FIRST_HOUR)


def _drawn(title: str, alt: str, parts: Sequence[str], rows: int) -> str:
    height = _TOP + rows * _ROW + 30
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(alt)}">',
        f"<title>{escape(title)}</title>",
        _box(0, 0, _WIDTH, height, LIGHT.bg, radius=6),
        *_hours(rows),
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _hours(rows: int) -> Iterator[str]:
    bottom = _TOP + rows * _ROW
    for hour in range(_FIRST_HOUR, _LAST_HOUR + 1):
        x = _n(_x(_at(f"{hour:02}:00:00")))
        yield f'<path d="M{x} {_TOP - 4}V{bottom + 2}" stroke="{LIGHT.border}"/>'
        yield _text(float(x), bottom + 14, f"{hour:02}:00", colour=LIGHT.muted, anchor="middle")


def _box(x: float, y: float, width: float, height: float, fill: str, *, radius: int = 1) -> str:
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
        f'rx="{radius}" fill="{fill}"/>'
    )


def _dot(x: float, y: float) -> str:
    return (
        f'<circle cx="{_n(x)}" cy="{_n(y)}" r="5" fill="{LIGHT.reaction}" '
        f'stroke="{LIGHT.bg}" stroke-width="1.5"/>'
    )


def _text(
    x: float, y: float, words: str, *, colour: str = LIGHT.text, anchor: str = "start"
) -> str:
    return (
        f'<text x="{_n(x)}" y="{_n(y + 4)}" fill="{colour}" text-anchor="{anchor}" {_FONT} '
        f"{_HALO}>{escape(words)}</text>"
    )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
