"""Every row in SQL, and every figure of every group and period, matches the oracle."""

from datetime import date, timedelta
from functools import partial

import pytest

from tests.batches import OTHER_RULES, PLACES, Batch, batch_of
from tests.comparison import Key, Row, agree, rows_by
from tests.oracle_rows import expected_experiments, expected_loops, expected_runs, expected_sessions
from tests.oracles import gpu, kaplan_meier, lines
from tests.oracles.metrics import PROGRAMME, happened, metrics
from tests.oracles.model import Derived, Interval, day_start, hours
from tests.oracles.streams import within
from tests.oracles.windows import windows
from tests.read_schemas import READ_SCHEMAS
from tests.sampling import one_in
from velocity.reading import reads
from velocity.reading.reads import By, Period
from velocity.store.figures import figures as figures_of_kinds

_KINDS: tuple[By, ...] = ("scholar", "stream", "programme")
_SESSIONS = """
SELECT entity, project, run_id, number, session.start_us, session.end_us
FROM session JOIN run USING (run_key) JOIN project USING (project_key)
"""
#: Compared with rates and grants in test_credits.py, and with rules in test_actors.py.
_ELSEWHERE = {"credits", "credits_per_concluded", "automated_started", "automated_concluded"}
_LINE = ("scholar", "entity", "project")
_COLUMNS = READ_SCHEMAS["metrics"].keys() - {"scholar", "period_start"} - _ELSEWHERE


def figures(derived: Derived, window=None, by="scholar", everyone=None) -> dict[str, Row]:
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
    parts = {stream: within(batch.whole, stream, batch.is_attributed) for stream in batch.streams}
    for period in ("all", "month", "week", "day"):
        found = read(batch, period)
        agree_where_anything_happened(of_scholars(batch, period), found["scholar"])
        whole = of_groups(batch, {PROGRAMME: batch.whole}, period)
        agree_where_anything_happened(whole, found["programme"])
        agree_where_anything_happened(of_groups(batch, parts, period), found["stream"])
    assert_scholars_have_theirs_within_streams(batch, parts)
    assert_lines_have_theirs(batch)


def of_scholars(batch: Batch, period: Period) -> dict[Key, Row]:
    expected: dict[Key, Row] = {}
    for derived in batch.apart:
        if period == "all":
            expected |= {(scholar,): row for scholar, row in figures(derived).items()}
        else:
            expected |= figures_by(derived, period)
    return {key: row for key, row in expected.items() if batch.is_attributed(key[0])}


def of_groups(batch: Batch, parts: dict[str, Derived], period: Period) -> dict[Key, Row]:
    first = min(it.S for it in batch.whole.experiments.values())
    expected: dict[Key, Row] = {}
    for group, derived in parts.items():
        asked: dict[Key, Interval | None] = {(group,): None}
        if period != "all":
            all_windows = windows(first, derived.complete_to, period, batch.rules.timezone)
            asked = {(group, day): window for day, window in all_windows}
        for key, window in asked.items():
            for row in figures(derived, window, PROGRAMME, batch.whole).values():
                expected[key] = row
    return expected


def assert_scholars_have_theirs_within_streams(batch: Batch, parts: dict[str, Derived]) -> None:
    for stream, derived in parts.items():
        every = figures(derived, everyone=batch.whole).items()
        expected = {(it,): row for it, row in every if batch.is_attributed(it)}
        found = reads.metrics(batch.snapshot, by="scholar", within=stream)
        agree_where_anything_happened(expected, rows_by(found, "scholar"))


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
            pairs = [(getattr(it, length), bool(getattr(it, event))) for it in launched]
            found = kaplan_meier.estimate([pair for pair in pairs if pair[0] is not None])
            shown = found.events >= kaplan_meier.MIN_EVENTS and found.median is not None
            row[column] = hours(found.median or 0) if shown else None
        expected[line] = row
    return expected


def read(batch: Batch, period: Period) -> dict[str, dict[Key, Row]]:
    """Kind of group -> its figures by group, and by first day; of all kinds at once."""
    frame = figures_of_kinds(batch.snapshot, kinds=_KINDS, period=period)
    found: dict[str, dict[Key, Row]] = {kind: {} for kind in _KINDS}
    for (kind, *key), row in rows_by(frame, "kind", "group_id", "period_start").items():
        found[kind][tuple(key[:1] if period == "all" else key)] = row
    return found


def agree_where_anything_happened(expected: dict[Key, Row], found: dict[Key, Row]) -> None:
    """Assert equal rows; groups and periods unknown to the oracle may have rows of zeros."""
    exposure = {"weeks", "throughput_per_week_high", "period_start", *_KINDS, "kind", "group_id"}
    for key in found.keys() - expected.keys():
        row = found.pop(key)
        assert {value for name, value in row.items() if name not in exposure} <= {0, None}, row
    agree(expected, found)


BATCHES = {
    **{f"{zone}-base{n}": partial(batch_of, zone, base) for n, (zone, base) in enumerate(PLACES)},
    "without a roster": partial(batch_of, *PLACES[0], has_roster=False),
    "other settings": partial(batch_of, *PLACES[0], rules=OTHER_RULES),
}
#: The faults of scripts/faults/ are tried with this one, so it has more histories.
_LARGEST = "Europe/Berlin-base1"


@pytest.fixture(scope="module")
def batch(request: pytest.FixtureRequest) -> Batch:
    """One of BATCHES, which tests of rows and of figures share."""
    return BATCHES[request.param](count=100 if request.param == _LARGEST else 40)


@pytest.mark.parametrize("batch", one_in(len(BATCHES), BATCHES), indirect=True)
def test_rows_match_the_oracle(batch: Batch) -> None:
    snapshot, key = batch.snapshot, ("entity", "project", "run_id")
    runs = rows_by(reads.runs(snapshot), *key)
    for row in runs.values():
        row["flags"] = set(row["flags"].split())
    agree(expected_runs(batch), runs)
    agree(expected_sessions(batch), rows_by(snapshot.frame(_SESSIONS), *key, "number"))
    agree(expected_experiments(batch), rows_by(reads.experiments(snapshot), "experiment_id"))
    agree(expected_loops(batch), rows_by(reads.loops(snapshot), "experiment_id"))


@pytest.mark.thorough
@pytest.mark.parametrize("batch", BATCHES, indirect=True)
def test_figures_match_the_oracle(batch: Batch) -> None:
    assert_figures_are_the_oracles(batch)


@pytest.mark.thorough
def test_figures_of_long_lines_match_the_oracle() -> None:
    batch = batch_of(*PLACES[1], count=12, max_runs=160, one_line=True)
    assert_figures_are_the_oracles(batch)


@pytest.mark.thorough
@pytest.mark.parametrize("ends", [(0, 2), (1, 5), (2, 40)])
def test_figures_of_any_window_match_the_oracle(ends: tuple[int, int]) -> None:
    batch = batch_of(*PLACES[2], count=8, max_runs=120, one_line=True)
    from_day, to_day = (batch.first_day + timedelta(days=n) for n in ends)
    zone = batch.rules.timezone
    window = (day_start(from_day, zone), day_start(to_day, zone))
    expected = {
        by: {(group,): row for group, row in figures(batch.whole, window, by).items()}
        for by in ("scholar", "programme")
    }
    expected["stream"] = {
        (stream,): row
        for stream in batch.streams
        for part in [within(batch.whole, stream, batch.is_attributed)]
        for row in figures(part, window, PROGRAMME, batch.whole).values()
    }
    assert expected["stream"]
    days = {"from_day": from_day, "to_day": to_day}
    for by, rows in expected.items():
        found = reads.metrics(batch.snapshot, by=by, **days)
        agree_where_anything_happened(rows, rows_by(found, by))
    agree(expected_lines(batch, window), rows_by(reads.lines(batch.snapshot, **days), *_LINE))
