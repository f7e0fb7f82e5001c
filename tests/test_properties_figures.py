"""Every figure of every group and period in SQL is the oracle's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from tests.batches import BATCH_SEEDS, OTHER_RULES, PLACES, Batch, batch_of, batched
from tests.comparison import Key, Row, differences, rows_by, told
from tests.oracles import gpu, kaplan_meier, lines
from tests.oracles.metrics import PROGRAMME, metrics, metrics_by
from tests.oracles.model import REACTION_LIMIT, Derived, Interval, hours
from tests.oracles.streams import within
from tests.oracles.windows import windows
from velocity import reads
from velocity.read_schemas import READ_SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from velocity.reads import By, Period

#: Compared with rates and grants in test_credits.py.
_ELSEWHERE = {"credits"}
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
        group: {column: (values | charged[group])[column] for column in _COLUMNS}
        for group, values in metrics(derived, window, by).items()
    }


def figures_by(derived: Derived, period: str) -> dict[tuple[str, date], Row]:
    """(scholar, first day) -> every column, for the windows from the first start on."""
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
    assert reads.littles_law_residual(batch.snapshot).item() == 0


def assert_scholars_have_theirs(batch: Batch, period: Period) -> None:
    expected: dict[Key, Row] = {}
    for derived in batch.apart:
        if period == "all":
            expected |= {(scholar,): row for scholar, row in figures(derived).items()}
        else:
            expected |= figures_by(derived, period)
    expected = {key: row for key, row in expected.items() if batch.is_attributed(key[0])}
    found = read(batch, "scholar", period)
    for key in found.keys() - expected.keys():
        assert_nothing_happened(found.pop(key))
    agree(batch, expected, found)


def assert_groups_have_theirs(batch: Batch, parts: dict[str, Derived], by: By) -> None:
    zone = batch.rules.timezone
    expected: dict[Key, Row] = {}
    found: dict[Key, Row] = read(batch, by, "all") | read(batch, by, "week")
    for group, derived in parts.items():
        for _, row in figures(derived, None, PROGRAMME, batch.whole).items():
            expected[group,] = row
        starts = [it.S for it in batch.whole.experiments.values()]
        for day, window in windows(min(starts), derived.complete_to, "week", zone):
            for row in figures(derived, window, PROGRAMME, batch.whole).values():
                expected[group, day] = row
    for key in found.keys() - expected.keys():
        assert_nothing_happened(found.pop(key))
    agree(batch, expected, found)


def assert_scholars_have_theirs_within_streams(batch: Batch, parts: dict[str, Derived]) -> None:
    for stream, derived in parts.items():
        expected = {
            (scholar,): row
            for scholar, row in figures(derived, everyone=batch.whole).items()
            if batch.is_attributed(scholar)
        }
        found = read(batch, "scholar", "all", within=stream)
        for key in found.keys() - expected.keys():
            assert_nothing_happened(found.pop(key))
        agree(batch, expected, found)


def assert_lines_have_theirs(batch: Batch) -> None:
    derived = batch.whole
    expected: dict[Key, Row] = {}
    for line, ratio in lines.blind_ratio(derived, derived.experiments.values(), None).items():
        signalled = [
            loop
            for loop in derived.loops.values()
            if loop.line == line and loop.reaction_us is not None
        ]
        if not signalled or not batch.is_attributed(line[0]):
            continue
        row: Row = {"loops": len(signalled), "blind_ratio": ratio}
        for column, length in (
            ("loop_hours_median", "loop_us"),
            ("reaction_awake_hours_median", "awake_us"),
        ):
            pairs = [(getattr(it, length), bool(it.reaction_event)) for it in signalled]
            found = kaplan_meier.estimate(pairs)
            shown = found.events >= kaplan_meier.MIN_EVENTS and found.median is not None
            row[column] = hours(found.median or 0) if shown else None
        expected[line] = row
    agree(batch, expected, rows_by(reads.lines(batch.snapshot), "scholar", "entity", "project"))

    ages = {
        (experiment,): {"wip_age_hours": age, "older_than_usual": bool(is_old)}
        for experiment, age, is_old in lines.wip_ages(list(derived.experiments.values()))
        if batch.is_attributed(derived.experiments[experiment].scholar)
    }
    open_work = reads.open_work(batch.snapshot)
    agree(batch, ages, rows_by(open_work, "experiment_id"))
    assert open_work["wip_age_hours"].len() == len(ages)


def read(batch: Batch, by: By, period: Period, within: str | None = None) -> dict[Key, Row]:
    frame = reads.metrics(batch.snapshot, by=by, period=period, within=within)
    return rows_by(frame, by, *(() if period == "all" else ("period_start",)))


def assert_nothing_happened(row: Row) -> None:
    """A row of a group and period that the oracle knows nothing of."""
    exposure = ("weeks", "throughput_per_week_high", "scholar", "stream", "period_start")
    assert {value for name, value in row.items() if name not in exposure} <= {0, None}, row


def agree(batch: Batch, expected: dict[Key, Row], found: dict[Key, Row]) -> None:
    wrong = differences(expected, found)
    assert not wrong, told(wrong)


@pytest.mark.parametrize(("zone", "base"), PLACES)
@settings(batched, max_examples=1)
@given(seed=BATCH_SEEDS)
def test_figures_are_the_oracles(zone: str, base: datetime, seed: int) -> None:
    assert_figures_are_the_oracles(batch_of(seed, zone, base, count=60))


@settings(batched, max_examples=1)
@given(seed=BATCH_SEEDS)
def test_figures_without_a_roster_are_the_oracles(seed: int) -> None:
    assert_figures_are_the_oracles(batch_of(seed, *PLACES[0], count=60, has_roster=False))


@settings(batched, max_examples=1)
@given(seed=BATCH_SEEDS)
def test_figures_under_other_settings_are_the_oracles(seed: int) -> None:
    assert_figures_are_the_oracles(batch_of(seed, *PLACES[0], count=60, rules=OTHER_RULES))
