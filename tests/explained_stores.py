"""Stores whose figures are explained, and helpers for explanations."""

import json
import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from tests.batches import row_of
from tests.builders import run, store_of
from tests.oracles.model import HOUR
from tests.oracles.strategies import _case
from tests.roster_texts import FULL, parsed
from tests.stores import built
from velocity.explain import Result, ways
from velocity.explain.made import group_of
from velocity.explain.rows import Group, Rows
from velocity.reading import reads
from velocity.reading.access import EVERYTHING
from velocity.reading.periods import Window
from velocity.roster.fields import WEEKDAYS
from velocity.settings import Compute, Programme, Settings
from velocity.store import latest_snapshot

SETTINGS = Settings(
    programme=Programme(timezone="Europe/Berlin"), compute=Compute(gpu_count_key="num_gpus")
)
MONDAY = date(2026, 1, 5)

#: The worked example of the definitions: ada, one day.
WORKED = [
    run("r1", "09:00", "10:00"),
    run("r2", "09:01", "10:30"),
    run("r3", "11:00", "12:00"),
    run("r4", "11:30", "11:35", state="failed"),
    run("r5", "11:40", "13:00"),
    run("r6", "13:00:30", "14:00"),
]


def rows_of(seed: int) -> list[dict]:
    """The runs of one drawn case, which meet every boundary, as rows of an import."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    times = (
        *("created_at", "started_at", "heartbeat_at", "first_metric_at", "last_metric_at"),
        "stamp_at",
    )

    def later(micros):
        # The cases are in 2024; rates and memberships of the roster are in 2026.
        return micros and micros + 96 * 7 * 24 * HOUR

    return [
        row_of(
            replace(
                it,
                entity=f"{it.entity}{seed}",
                run_id=f"{it.run_id}.{seed}",
                writer_starts=tuple(map(later, it.writer_starts)),
                **{name: later(getattr(it, name)) for name in times},
            )
        )
        for it in _case(chance.choice, 14, one_as_of=True).runs
    ]


def steady(number: int, since: datetime) -> dict:
    """One run of a line with an hour-long run every two hours; every other run fails."""
    start = since + number * timedelta(hours=2)
    state = "failed" if number % 2 == 0 else "finished"
    sweep = "sweep" if number < 4 else None
    end = start + timedelta(hours=1)
    return run(f"steady{number}", start, end, state=state, sweep=sweep, project="steady")


def told_in_rare_ways(created: datetime) -> list[dict]:
    """Runs with the time of an old client, uploaded after their last logged row, and resumed."""
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    uploaded = {"last_metric_at": created - hour, "runtime_s": hour.total_seconds()}
    return [
        run("stamped", created, created + hour, started_at=None, stamp=created, project="old"),
        run("uploaded", created, created + minute, started_at=None, project="old", **uploaded),
        run(
            *("resumed", created, created + 4 * hour),
            writer_starts=[created, created + 3 * hour],
            runtime_s=2 * hour.total_seconds(),
            project="resumed",
        ),
    ]


class Remembering:
    """A snapshot that caches each read."""

    def __init__(self, snapshot):
        self._snapshot, self._frames = snapshot, {}
        self.kept = snapshot.kept

    def frame(self, sql, params=None, tables=None):
        key = (sql, repr(params))
        if key not in self._frames:
            self._frames[key] = self._snapshot.frame(sql, params, tables)
        return self._frames[key]


@cache
def rich() -> Remembering:
    """Several hundred runs: those of 40 drawn cases, and a line that lasts two weeks."""
    return Remembering(latest_snapshot(built(_rich)))


def _rich(data: Path) -> None:
    rows = [row for seed in range(40) for row in rows_of(seed)]
    as_of = max(row["created_at"] for row in rows)
    rows += [steady(number, as_of - timedelta(days=14)) for number in range(160)]
    rows.append(run("late", as_of + timedelta(hours=1), state="running"))
    rows.append(run("open", as_of - timedelta(hours=1), as_of, state="running", project="open"))
    rows += told_in_rare_ways(as_of - timedelta(days=3))
    # The fewest days off that differ from none: else most waits have no working hours.
    days = f"workdays = {json.dumps(WEEKDAYS)}\naway = [{{ from = 2026-02-02, to = 2026-02-03 }}]\n"
    text = FULL.replace("Ben", "bob").replace('06:30"\n', f'06:30"\n{days}')
    roster = parsed(text)
    store_of(rows, as_of, settings=SETTINGS, roster=roster, data=data)


@cache
def weeks() -> tuple[date, ...]:
    figures = reads.metrics(rich(), by="scholar", period="week", groups=["ada"])
    busy = figures.sort("runs_started", descending=True)["period_start"][:2].to_list()
    return tuple(sorted(busy))


@cache
def figures(group: Group, window: Window | None) -> dict:
    """The figures of a group of `rich` as its queries give them: column -> value."""
    first, end = _days(window)
    found = reads.metrics(rich(), by=group.by, from_day=first, to_day=end, groups=[group.id])
    return found.row(0, named=True)


def results(metric: str, window: Window | None = None, **whose: str) -> tuple[Result, ...]:
    """The results of an explanation of `rich`, without the tables that stand beside them."""
    way = ways()[metric]
    return way.results(_rows(group_of(**whose), window, way.actor or "person"), metric)


@cache
def _rows(group: Group, window: Window | None, actor: reads.Actor) -> Rows:
    """The rows behind all figures of a group."""
    return Rows(rich(), group, *_days(window), EVERYTHING, actor)


def _days(window: Window | None) -> tuple[date | None, date | None]:
    return (None, None) if window is None else (window.first, window.end)


@cache
def worked() -> Remembering:
    return Remembering(store_of(WORKED, "20:00"))


@cache
def without_ben() -> Remembering:
    return Remembering(store_of(WORKED, "20:00", roster=parsed(FULL)))


def same(value, headline):
    if value is None or isinstance(value, date):
        return value == headline
    return value == pytest.approx(headline, rel=1e-9, abs=1e-9)


def only(told):
    (result,) = told.results
    return result
