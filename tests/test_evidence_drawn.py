"""Drawn runs with contradictory facts: the oracle agrees, and laws hold for all of them."""

import itertools
from dataclasses import replace
from datetime import timedelta
from functools import cache

import polars as pl
import pytest

from tests.batches import moment, row_of, settings_of
from tests.builders import store_of
from tests.comparison import agree, rows_by
from tests.oracles.contradictions import BASE, LENGTHS, contradictory_runs
from tests.oracles.experiments import derive
from tests.oracles.gpu import gpu_metrics, machine_charges
from tests.oracles.model import DAY, HOUR, MINUTE, DerivedRun, Rules, Run, hours
from tests.oracles.runs import derive_run
from velocity.reading import reads

pytestmark = pytest.mark.thorough

SLACK = Rules().stale_after_us
_SESSIONS = """
SELECT run_id, number, session.start_us, session.end_us, session.active_us
FROM session JOIN run USING (run_key)
"""
_CHARGES = """
SELECT run_id, gpu_charge.gpu_type, sum(gpu_us) / 3.6e9 AS gpu_hours
FROM gpu_charge JOIN run USING (run_key) GROUP BY ALL HAVING sum(gpu_us) > 0
"""


@cache
def drawn() -> dict[str, tuple[Run, int]]:
    return contradictory_runs(range(2500))


@cache
def snapshot():
    as_of = {("lab", project): moment(at) for project, (_, at) in drawn().items()}
    rows = [row_of(run) for run, _ in drawn().values()]
    return store_of(rows, as_of, settings=settings_of(Rules()))


def test_the_product_decides_like_the_oracle() -> None:
    as_of = {("lab", project): at for project, (_, at) in drawn().items()}
    derived = derive([run for run, _ in drawn().values()], as_of)
    found = rows_by(reads.runs(snapshot()), "run_id")
    for row in found.values():
        row["flags"] = set(row["flags"].split()) - {"unmapped", "rework", "early_failure"}
    expected, sessions = {}, {}
    for run in derived.runs.values():
        key = run.run.run_id
        row = {"class": run.state_class, "excluded": run.excluded, "flags": set(run.flags)}
        expected[key,] = row | (_interval(run) if run.counts else {})
        spans = zip(run.sessions, run.active, strict=True) if run.counts else ()
        for number, ((start, end), active) in enumerate(spans, start=1):
            sessions[key, number] = {"start_us": start, "end_us": end, "active_us": active}
    agree(expected, found)
    agree(sessions, rows_by(snapshot().frame(_SESSIONS), "run_id", "number"))
    charged = {key: charge for key, charge in machine_charges(derived).items() if charge}
    charges = {(key[2], kind): {"gpu_hours": hours(it)} for (key, kind), it in charged.items()}
    agree(charges, rows_by(snapshot().frame(_CHARGES), "run_id", "gpu_type"))
    (figures,) = reads.metrics(snapshot(), by="programme").to_dicts()
    whole = gpu_metrics(derived, by="programme").popitem()[1]
    for name in ("gpu_hours", "unpriced_run_hours"):
        assert figures[name] == pytest.approx(whole[name])


def _interval(run: DerivedRun) -> dict[str, object]:
    times = {"started_at": moment(run.start), "ended_at": moment(run.end)}
    sources = {"start_source": run.start_source, "end_source": run.end_source}
    queue = None if run.queue_us is None else hours(run.queue_us)
    return {**times, **sources, "active_hours": sum(run.active) / HOUR, "queue_hours": queue}


def test_invariants_hold() -> None:
    """Except within the slack, and for runs that are flagged with a doubtful clock."""
    for row in reads.runs(snapshot()).filter(pl.col("excluded").is_null()).iter_rows(named=True):
        run, as_of = drawn()[row["run_id"]]
        start = round(row["started_at"].timestamp() * 1e6)
        end = as_of if row["ended_at"] is None else round(row["ended_at"].timestamp() * 1e6)
        flags = set(row["flags"].split())
        assert start <= end <= as_of
        assert 0 <= row["active_hours"] * HOUR <= end - start + MINUTE / 1e6
        late = "uploaded_late" in flags or run.heartbeat_at is None
        if late or row["class"] == "running":
            continue
        # An online run does not end after its last heartbeat, except at a later start of its own.
        heard = run.heartbeat_at
        assert heard is not None
        assert end <= max(heard + SLACK, start)


def judged(run: Run, as_of: int) -> DerivedRun:
    return derive_run(run, "ada", as_of, Rules())


def shifted(run: Run, by: int) -> Run:
    names = ("created_at", "stamp_at", "heartbeat_at", "last_metric_at")
    later = {it: getattr(run, it) + by for it in names if getattr(run, it) is not None}
    return replace(run, writer_starts=tuple(at + by for at in run.writer_starts), **later)


def test_moving_all_clocks_moves_everything() -> None:
    # The year 2015 is the only limit that does not move.
    first = [*drawn().items()][:700]
    known = {name: it for name, it in first if "clock_unset" not in judged(*it).flags}
    by = dict(zip(known, itertools.cycle((1, DAY, -3 * DAY, 30 * DAY))))
    rows = [row_of(shifted(run, by[name])) for name, (run, _) in known.items()]
    as_of = {("lab", name): moment(at + by[name]) for name, (_, at) in known.items()}
    moved = rows_by(reads.runs(store_of(rows, as_of)), "run_id")
    before = rows_by(reads.runs(snapshot()), "run_id")
    assert len(moved) > 500
    same = ("class", "flags", "excluded", "start_source", "end_source")
    for key, row in moved.items():
        old, later = before[key], timedelta(microseconds=by[key[0]])
        assert [row[name] for name in same] == [old[name] for name in same], key
        for name in ("active_hours", "queue_hours"):
            assert row[name] == pytest.approx(old[name]), (key, name)
        for name in ("started_at", "ended_at"):
            assert old[name] is None or row[name] == old[name] + later, (key, name)


def consistent_run(number: int) -> tuple[Run, int]:
    """A run with correct clocks: rows and stopwatch match its sessions."""
    length = LENGTHS[number % len(LENGTHS)] + 20 * MINUTE
    queue = LENGTHS[number // len(LENGTHS) % len(LENGTHS)]
    start = BASE + queue
    nodes = 1 + number % 3
    run = Run(
        entity="lab",
        project=f"c{number}",
        run_id=f"c{number}",
        username="ada",
        state=("finished", "failed", "killed", "running")[number % 4],
        created_at=BASE,
        writer_starts=tuple(start + 1000 * node for node in range(nodes)),
        machines=tuple((f"n{node}", "H100", 8) for node in range(nodes)),
        heartbeat_at=start + length,
        runtime_us=length,
        last_metric_at=start + length - (number % 7) * 1000,
        resumed=False,
        wrote=True,
        history_rows=9,
    )
    return run, start + length + number % 2 * 10 * MINUTE


def test_no_flag_appears_on_consistent_clocks() -> None:
    runs = [consistent_run(number) for number in range(400)]
    as_of = {("lab", run.project): moment(at) for run, at in runs}
    rows = reads.runs(store_of([row_of(run) for run, _ in runs], as_of))
    assert {*rows["flags"]} == {"unmapped", "at_once unmapped"}
    for row in rows.iter_rows(named=True):
        run, _ = runs[int(row["run_id"][1:])]
        assert row["started_at"] == moment(min(run.writer_starts))
        if row["ended_at"] is not None:
            assert row["ended_at"] == moment(run.heartbeat_at)
        assert ("at_once" in row["flags"]) == (len(run.writer_starts) > 1)


def test_two_clocks_that_agree_win() -> None:
    """One wrong fact of a sound run does not change the interval that two others agree on."""
    wrong = [sign * it for it in LENGTHS for sign in (1, -1) if it > HOUR]
    for number in range(0, 400, 7):
        run, _ = consistent_run(number)
        run = replace(run, state="finished", writer_starts=run.writer_starts[:1], machines=())
        heard = run.heartbeat_at
        assert heard is not None
        as_of = heard + 40 * DAY
        sound = judged(run, as_of).sessions
        for by in wrong:
            # The stopwatch is wrong: start and heartbeat agree on the length of the run.
            if by > 0:
                watch = judged(replace(run, runtime_us=(run.runtime_us or 0) + by), as_of)
                assert (watch.sessions, watch.flags) in (
                    (sound, {"runtime_refuted"}),
                    # Alternatively creation and stopwatch agree: then a session was lost.
                    (watch.sessions, {"writer_lost", "estimated"}),
                )
            # The last row alone never moves a run whose start and stopwatch match its heartbeat.
            row = judged(replace(run, last_metric_at=min(heard, heard + by)), as_of)
            assert row.sessions == sound
