"""Explanations of the demo end with the value of the metric's own query."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from tests.comparison import agree
from tests.explained_stores import Remembering
from velocity.demo.stories import BIRDS, OPEN_TOO_LONG
from velocity.errors import VelocityError
from velocity.explain import Result, ways
from velocity.explain.explanation import Value
from velocity.explain.rows import Group, Rows
from velocity.formats import written
from velocity.reading import reads
from velocity.reading.access import EVERYTHING
from velocity.reading.definitions import metrics
from velocity.store import latest_snapshot

pytestmark = pytest.mark.thorough

METRICS = sorted(ways())
#: Group, Monday of the week (None: all the data), and line, experiment or measure.
Key = tuple[Group, date | None, str]


@pytest.fixture(scope="module")
def demo(demo_data) -> Remembering:
    """The latest snapshot of the demo; most metrics of a group rest on the same reads."""
    return Remembering(latest_snapshot(demo_data))


@pytest.fixture(scope="module")
def asked(demo) -> list[tuple[Group, date | None]]:
    """Every second scholar, all streams and the programme over some weeks and all the data.

    Scholars have different weeks. All the data is requested for streams, the programme, some
    scholars, and one with old open work. The programme has the last two weeks and the first one, in
    which few had begun, and every stream has one of them.
    """
    weeks = sorted(reads.metrics(demo, by="programme", period="week")["period_start"])
    scholars = reads.scholars(demo)["scholar"]
    assert 2 * len(weeks) > len(scholars) > 16
    streams = [Group("stream", it) for it in reads.streams(demo)["stream"]]
    programme = Group("programme", "programme")
    ends = (weeks[-2], weeks[-1], weeks[0])
    with_all = {*scholars[::8], BIRDS[OPEN_TOO_LONG.seat]}
    return [
        *((Group("scholar", it), weeks[-1 - at]) for at, it in enumerate(scholars[::2])),
        *((Group("scholar", it), None) for it in sorted(with_all)),
        *((group, None) for group in [*streams, programme]),
        *((group, ends[number % 3]) for number, group in enumerate(streams)),
        *((programme, week) for week in ends),
    ]


@pytest.fixture(scope="module")
def told(demo, asked) -> dict[str, dict[Key, Result]]:
    """Metric -> the results of its explanations."""
    found: dict[str, dict[Key, Result]] = {metric: {} for metric in METRICS}
    for group, week in asked:
        people = Rows(demo, group, week, week and week + timedelta(weeks=1), EVERYTHING)
        by_actor = {it: replace(people, actor=it) for it in ("person", "automation", "all")}
        for metric, way in ways().items():
            rows = by_actor[way.actor] if way.actor else people
            if group.by not in way.kinds:
                continue
            if way.windows in {"any", "end" if week is None else "week"}:
                # A scholar without data does not have a row in the query either.
                with suppress(VelocityError):
                    results = way.results(rows, metric)
                    found[metric] |= {(group, week, it.of): it for it in results}
    return found


@pytest.fixture(scope="module")
def headlines(demo, asked) -> dict[str, dict[Key, Value]]:
    """Metric -> the values of its query for all groups together."""
    found: dict[str, dict[Key, Value]] = defaultdict(dict)
    wanted = set(asked)
    for by, week in {(group.by, week) for group, week in asked}:
        for metric, group, of, value in _read(demo, by, week):
            if (Group(by, group), week) in wanted:
                found[metric][Group(by, group), week, of] = value
    return found


def _read(
    demo: Remembering, by: reads.By, week: date | None
) -> Iterator[tuple[str, str, str, Value]]:
    end = week and week + timedelta(weeks=1)
    period = "all" if week is None else "week"
    figures = reads.metrics(demo, by=by, period=period, from_day=week, to_day=end)
    for row in figures.iter_rows(named=True):
        for metric in row.keys() - {by, "period_start"}:
            yield metric, row[by], "", row[metric]
    if by == "scholar":
        for row in reads.lines(demo, from_day=week, to_day=end).iter_rows(named=True):
            line = f"{row['entity']}/{row['project']}"
            yield "blind_ratio", row["scholar"], line, row["blind_ratio"]
    if by == "programme":
        for row in reads.idle_hosts(demo, from_day=week, to_day=end).iter_rows(named=True):
            yield "idle_gpu_hours", by, f"{row['entity']}/{row['host']}", row["idle_gpu_hours"]
    days = reads.balance(demo, by=by).filter(pl.col("day") < (end or date.max))
    for row in days.group_by("group_id").agg(pl.col("balance").sort_by("day").last()).rows():
        yield "balance", row[0], "", row[1]
    if week is not None:
        for row in reads.weekly(demo, by=by).filter(week_start=week).iter_rows(named=True):
            yield "signal", row["group_id"], row["measure"], row["signal"]
    else:
        yield from _read_at_end(demo, by)


def _read_at_end(demo: Remembering, by: reads.By) -> Iterator[tuple[str, str, str, Value]]:
    whole = {"programme": "programme"}
    changes = reads.lasting_changes(demo, by=by)
    began = {(it["group_id"], it["measure"]): it["since_week"] for it in changes.to_dicts()}
    assert by != "scholar" or began
    for group in reads.metrics(demo, by=by)[by]:
        for measure in (it.id for it in metrics().values() if it.lasting):
            yield "since_week", group, measure, began.get((group, measure))
    for row in reads.open_work(demo).iter_rows(named=True):
        for metric in ("wip_age_hours", "eta_hours"):
            yield metric, (row | whole)[by], row["experiment_id"], row[metric]
    for row in reads.waiting_results(demo).iter_rows(named=True):
        yield "waiting_hours", (row | whole)[by], row["experiment_id"], row["waiting_hours"]
    for row in reads.ledger(demo, by=by).iter_rows(named=True):
        for metric in row.keys() - {"group_id"}:
            yield metric, row["group_id"], "", row[metric]


@pytest.mark.parametrize("metric", METRICS)
def test_explained_values_equal_the_query(metric, told, headlines):
    expected = {key: {"value": value} for key, value in headlines[metric].items()}
    assert expected
    for name in ("value", "headline"):
        agree(expected, {key: {"value": getattr(it, name)} for key, it in told[metric].items()})


@pytest.mark.parametrize("metric", METRICS)
def test_the_arithmetic_ends_with_the_headline(metric, told):
    for result in told[metric].values():
        value = written(result.headline)
        assert result.steps[-1].startswith((f"{value} ", f"{value}:")), result


def test_open_work_is_older_than_usual_if_its_query_says_so(demo, told):
    of_scholars = [it for it in told["wip_age_hours"].items() if it[0][0].by == "scholar"]
    ages = {of: it.steps for (_, _, of), it in of_scholars}
    work = reads.open_work(demo).filter(pl.col("experiment_id").is_in(list(ages)))
    old = set(work.filter("older_than_usual")["experiment_id"])
    assert {of for of, steps in ages.items() if steps[0].startswith("older than usual")} == old
    assert 0 < len(old) < len(ages)
