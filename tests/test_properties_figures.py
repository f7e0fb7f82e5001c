"""Every figure of every group and period in SQL matches the oracle."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.batches import OTHER_RULES, PLACES, Batch, batch_of
from tests.comparison import Key, Row, agree, rows_by
from tests.oracles import gpu, kaplan_meier, lines
from tests.oracles.metrics import PROGRAMME, happened, metrics
from tests.oracles.model import Derived, Interval, day_start, hours
from tests.oracles.streams import within
from tests.oracles.windows import windows
from tests.read_schemas import READ_SCHEMAS
from velocity.reading import reads

if TYPE_CHECKING:
    from datetime import date, datetime

    from velocity.reading.reads import By, Period

pytestmark = pytest.mark.thorough

#: Compared with rates and grants in test_credits.py, and with rules in test_actors.py.
_ELSEWHERE = {"credits", "credits_per_concluded", "automated_started", "automated_concluded"}
_LINE = ("scholar", "entity", "project")
_COLUMNS = READ_SCHEMAS["metrics"].keys() - {"scholar", "period_start"} - _ELSEWHERE


def figures(
    derived: Derived,
    window: Interval | None = None,
    by: str = "scholar",
    everyone: Derived | None = None,
) -> dict[str, Row]:
    """Group -> every column of `reads.metrics`."""
    charged = gpu.gpu_metrics(derived, window, by, everyone)
    return {
        group: {column: row[column] for column in _COLUMNS}
        for group, values in metrics(derived, window, by).items()
        for row in [values | charged[group]]
    }


def figures_by(derived: Derived, period: str) -> dict[tuple[str, date], Row]:
    """(scholar, first day) -> every column, for windows from the first start on."""
    starts = [run.start for run in derived.runs.values() if run.counts and run.start is not None]
    if not starts:
        return {}
    return {
        (group, day): row
        for day, window in windows(min(starts), derived.complete_to, period, derived.rules.timezone)
        for group, row in figures(derived, window).items()
    }


def assert_figures_are_the_oracles(batch: Batch) -> None:
    for period in ("all", "month", "week", "day"):
        assert_scholars_have_theirs(batch, period)
    assert_groups_have_theirs(batch, {PROGRAMME: batch.whole}, "programme")
    parts = {stream: within(batch.whole, stream, batch.is_attributed) for stream in batch.streams}
    assert_groups_have_theirs(batch, parts, "stream")
    assert_scholars_have_theirs_within_streams(batch, parts)
    assert_lines_have_theirs(batch)


def assert_scholars_have_theirs(batch: Batch, period: Period) -> None:
    expected: dict[Key, Row] = {}
    for derived in batch.apart:
        if period == "all":
            expected |= {(scholar,): row for scholar, row in figures(derived).items()}
        else:
            expected |= figures_by(derived, period)
    expected = {key: row for key, row in expected.items() if batch.is_attributed(key[0])}
    found = read(batch, "scholar", period)
    agree_where_anything_happened(expected, found)


def assert_groups_have_theirs(batch: Batch, parts: dict[str, Derived], by: By) -> None:
    zone = batch.rules.timezone
    expected: dict[Key, Row] = {}
    for group, derived in parts.items():
        for row in figures(derived, None, PROGRAMME, batch.whole).values():
            expected[group,] = row
    agree_where_anything_happened(expected, read(batch, by, "all"))
    first = min(it.S for it in batch.whole.experiments.values())
    for period in ("month", "week", "day"):
        expected = {}
        for group, derived in parts.items():
            for day, window in windows(first, derived.complete_to, period, zone):
                for row in figures(derived, window, PROGRAMME, batch.whole).values():
                    expected[group, day] = row
        agree_where_anything_happened(expected, read(batch, by, period))


def assert_scholars_have_theirs_within_streams(batch: Batch, parts: dict[str, Derived]) -> None:
    for stream, derived in parts.items():
        expected = {
            (scholar,): row
            for scholar, row in figures(derived, everyone=batch.whole).items()
            if batch.is_attributed(scholar)
        }
        found = read(batch, "scholar", "all", within=stream)
        agree_where_anything_happened(expected, found)


def assert_lines_have_theirs(batch: Batch) -> None:
    agree(expected_lines(batch), rows_by(reads.lines(batch.snapshot), *_LINE))
    derived = batch.whole
    ages = {
        (experiment,): {"wip_age_hours": age, "older_than_usual": bool(is_old)}
        for experiment, age, is_old in lines.wip_ages(list(derived.experiments.values()))
        if batch.is_attributed(derived.experiments[experiment].scholar)
    }
    agree(ages, rows_by(reads.open_work(batch.snapshot), "experiment_id"))
    waited = {
        (it,): {"waiting_hours": hours(derived.loops[it].reaction_us or 0)}
        for it in lines.waiting_results(derived)
        if batch.is_attributed(derived.experiments[it].scholar)
    }
    found = reads.waiting_results(batch.snapshot)
    agree(waited, rows_by(found, "experiment_id"))
    assert found["result_at"].is_sorted()


def expected_lines(batch: Batch, window: Interval | None = None) -> dict[Key, Row]:
    """(scholar, entity, project) -> the figures of `reads.lines`."""
    derived = batch.whole
    expected: dict[Key, Row] = {}
    for line, ratio in lines.blind_ratio(derived, derived.experiments.values(), window).items():
        launched = [
            loop
            for loop in derived.loops.values()
            if loop.line == line and loop.status != "none" and happened(window, loop.S)
        ]
        if not launched or not batch.is_attributed(line[0]):
            continue
        row: Row = {"loops": len(launched), "blind_ratio": ratio}
        for column, length, event in (
            ("loop_hours_median", "loop_us", "loop_event"),
            ("reaction_awake_hours_median", "awake_us", "reaction_event"),
        ):
            pairs = [
                (getattr(it, length), bool(getattr(it, event)))
                for it in launched
                if getattr(it, length) is not None
            ]
            found = kaplan_meier.estimate(pairs)
            shown = found.events >= kaplan_meier.MIN_EVENTS and found.median is not None
            row[column] = hours(found.median or 0) if shown else None
        expected[line] = row
    return expected


def read(batch: Batch, by: By, period: Period, within: str | None = None) -> dict[Key, Row]:
    frame = reads.metrics(batch.snapshot, by=by, period=period, within=within)
    return rows_by(frame, by, *(() if period == "all" else ("period_start",)))


def agree_where_anything_happened(expected: dict[Key, Row], found: dict[Key, Row]) -> None:
    """Assert equal rows; groups and periods unknown to the oracle may have rows of zeros."""
    exposure = ("weeks", "throughput_per_week_high", "scholar", "stream", "period_start")
    for key in found.keys() - expected.keys():
        row = found.pop(key)
        assert {value for name, value in row.items() if name not in exposure} <= {0, None}, row
    agree(expected, found)


@pytest.mark.parametrize(("zone", "base"), PLACES)
def test_figures_match_the_oracle(zone: str, base: datetime) -> None:
    assert_figures_are_the_oracles(batch_of(zone, base, count=60))


def test_figures_without_a_roster_match_the_oracle() -> None:
    assert_figures_are_the_oracles(batch_of(*PLACES[0], count=60, has_roster=False))


def test_figures_with_other_settings_match_the_oracle() -> None:
    assert_figures_are_the_oracles(batch_of(*PLACES[0], count=60, rules=OTHER_RULES))


def test_figures_of_long_lines_match_the_oracle() -> None:
    batch = batch_of(*PLACES[1], count=12, max_runs=160, one_line=True)
    assert_figures_are_the_oracles(batch)


@pytest.mark.parametrize("days", [(0, 2), (1, 5), (2, 40)])
def test_figures_of_any_window_match_the_oracle(days: tuple[int, int]) -> None:
    batch = batch_of(*PLACES[2], count=8, max_runs=120, one_line=True)
    from_day, to_day = (batch.first_day + timedelta(days=n) for n in days)
    zone = batch.rules.timezone
    window = (day_start(from_day, zone), day_start(to_day, zone))
    for by in ("scholar", "programme"):
        frame = reads.metrics(batch.snapshot, by=by, from_day=from_day, to_day=to_day)
        expected = figures(batch.whole, window, by)
        agree_where_anything_happened(
            {(group,): row for group, row in expected.items()}, rows_by(frame, by)
        )
    frame = reads.metrics(batch.snapshot, by="stream", from_day=from_day, to_day=to_day)
    streams: dict[Key, Row] = {}
    for stream in batch.streams:
        part = within(batch.whole, stream, batch.is_attributed)
        for row in figures(part, window, PROGRAMME, batch.whole).values():
            streams[stream,] = row
    assert streams
    agree_where_anything_happened(streams, rows_by(frame, "stream"))
    found = reads.lines(batch.snapshot, from_day=from_day, to_day=to_day)
    agree(expected_lines(batch, window), rows_by(found, *_LINE))
